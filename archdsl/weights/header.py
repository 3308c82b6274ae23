"""A safetensors file's header, checked before anything is read by it.

The format: 8 bytes, little-endian, the length of the header; the header, a JSON object that gives each tensor its type,
shape and bytes; the bytes. The library `safetensors` reads the tensors, but takes the last of two equal keys without a
word, and reads headers of any content up to 100 MB; so the header is checked here first, and strictly.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from math import prod
from typing import Any, BinaryIO, cast

from archdsl.diagnostic import Error
from archdsl.reading import opened, reason, refusal
from archdsl.record import Record

SUFFIX = ".safetensors"
LONGEST = 8 * 1024 * 1024
"""Bytes of a header. As Python objects it takes up to 25 times as much memory."""
DEEPEST = 64
"""Axes of a tensor, as many as PyTorch takes."""
LARGEST = 2**63
"""What every size and offset is below."""
METADATA = "__metadata__"

DTYPES = {
    "BOOL": ("bool", 1),
    "U8": ("uint8", 1),
    "I8": ("int8", 1),
    "F8_E4M3": ("float8_e4m3fn", 1),
    "F8_E5M2": ("float8_e5m2", 1),
    "U16": ("uint16", 2),
    "I16": ("int16", 2),
    "F16": ("float16", 2),
    "BF16": ("bfloat16", 2),
    "U32": ("uint32", 4),
    "I32": ("int32", 4),
    "F32": ("float32", 4),
    "U64": ("uint64", 8),
    "I64": ("int64", 8),
    "F64": ("float64", 8),
    "C64": ("complex64", 8),
}
"""The format's types: PyTorch's name, and the bytes of an element."""

PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".tar")
MAGIC = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""How files of `torch.save` begin, of today and of before 1.6."""


class Stored(Record):
    """A tensor of a file. `dtype` is PyTorch's name."""

    key: str
    shape: tuple[int, ...]
    dtype: str


class WeightFile(Record):
    """What a file holds: its tensors by key, and the texts beside them."""

    path: str
    tensors: Mapping[str, Stored]
    metadata: Mapping[str, str]


class _Broken(Exception):
    """The file is refused, for this reason."""

    def __init__(self, error: Error) -> None:
        self.error = error


def read_header(path: str) -> WeightFile:
    """What a safetensors file holds.

    Raises:
        Refusal: it can't be opened, is no safetensors file, or a broken one.
    """
    from archdsl.errors.files import FileUnreadable
    from archdsl.errors.weights import PickledWeights

    with opened(path, SUFFIX) as file:
        try:
            return _read(file, path)
        except OSError as problem:
            raise refusal(FileUnreadable(path, reason(problem)), path) from None
        except _Broken as broken:
            file.seek(0)
            begins_like_one = file.read(8).startswith(MAGIC)
            pickled = begins_like_one or path.lower().endswith(PICKLES)
            raise refusal(PickledWeights(path) if pickled else broken.error, path) from None


def _read(file: BinaryIO, path: str) -> WeightFile:
    from archdsl.errors.weights import HeaderTooLarge, WeightsCutOff

    size = os.fstat(file.fileno()).st_size
    if size == 0:
        raise _not_safetensors(path, "it is empty")
    if size < 8:
        raise _not_safetensors(path, "it is shorter than the eight bytes that begin one")
    length = int.from_bytes(file.read(8), "little")
    if length > size - 8:
        raise _not_safetensors(path, f"its header would take {length:,} bytes, and {size - 8:,} are there")
    if length > LONGEST:
        raise _Broken(HeaderTooLarge(path, length, LONGEST))
    header = _parsed(file.read(length), path)
    metadata = _metadata(header.pop(METADATA, {}), path)
    there = size - 8 - length
    tensors: dict[str, Stored] = {}
    places: list[tuple[int, int, str]] = []
    for key, entry in header.items():
        tensors[key], begins, ends = _tensor(key, entry, path)
        places.append((begins, ends, key))
    promised = max((ends for _, ends, _ in places), default=0)
    if promised > there:
        raise _Broken(WeightsCutOff(path, promised, there))
    _mind_places(sorted(places), there, path)
    return WeightFile(path, tensors, metadata)


def _not_safetensors(path: str, why: str) -> _Broken:
    from archdsl.errors.weights import NotSafetensors

    return _Broken(NotSafetensors(path, why))


def _bad(path: str, key: str, why: str) -> _Broken:
    from archdsl.errors.weights import BadTensor

    return _Broken(BadTensor(path, shortened(key), why))


def shortened(key: str, room: int = 120) -> str:
    """A key as messages show it: a file may hold any text."""
    return key if len(key) <= room else key[: room - 3] + "..."


def _parsed(text: bytes, path: str) -> dict[str, object]:
    """The header's JSON object, in which no key stands twice."""

    def distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) < len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))
            raise _bad(path, twice, "the header names it twice")
        return made

    def integer(digits: str) -> int:
        return int(digits) if len(digits) <= 20 else LARGEST

    def nothing(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=distinct, parse_int=integer, parse_constant=nothing)
    except UnicodeDecodeError:
        raise _not_safetensors(path, "its header is not UTF-8") from None
    except (ValueError, RecursionError):
        raise _not_safetensors(path, "its header is not JSON") from None
    if not isinstance(header, dict):
        raise _not_safetensors(path, "its header is not a JSON object")
    return cast("dict[str, object]", header)


def _metadata(found: object, path: str) -> dict[str, str]:
    texts = cast("dict[str, object]", found) if isinstance(found, dict) else None
    if texts is None or not all(isinstance(text, str) for text in texts.values()):
        raise _not_safetensors(path, "its metadata are not texts")
    return cast("dict[str, str]", texts)


def _tensor(key: str, entry: object, path: str) -> tuple[Stored, int, int]:
    """A tensor, and where its bytes begin and end."""
    fields = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
    if fields.keys() != {"dtype", "shape", "data_offsets"}:
        raise _bad(path, key, "dtype, shape and data_offsets are expected")
    dtype = fields["dtype"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise _bad(path, key, f"its type {shortened(repr(dtype), 40)} is none of {', '.join(DTYPES)}")
    shape, offsets = _sizes(fields["shape"]), _sizes(fields["data_offsets"])
    if shape is None or len(shape) > DEEPEST:
        raise _bad(path, key, "its shape is not a list of sizes")
    if offsets is None or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise _bad(path, key, "its bytes are not given by where they begin and end")
    name, width = DTYPES[dtype]
    needed = prod(shape) * width
    begins, ends = offsets
    if needed != ends - begins:
        shown = f"{dtype} {sizes(shape)} takes {needed:,} bytes" if needed < LARGEST else "its shape is too large"
        raise _bad(path, key, f"{shown}, and it has {ends - begins:,}")
    return Stored(key, shape, name), begins, ends


def _sizes(found: object) -> tuple[int, ...] | None:
    """A list of integers from 0 on, as a tuple."""
    if not isinstance(found, list):
        return None
    items = tuple(cast("list[object]", found))
    fine = all(type(item) is int and 0 <= item < LARGEST for item in items)
    return cast("tuple[int, ...]", items) if fine else None


def _mind_places(places: list[tuple[int, int, str]], there: int, path: str) -> None:
    """Tensors lie one behind the other, up to the file's end."""
    expected = 0
    before = ""
    for begins, ends, key in places:
        if begins < expected:
            raise _bad(path, key, f"its bytes overlap those of `{shortened(before)}`")
        if begins > expected:
            raise _bad(path, key, f"{begins - expected:,} bytes before its own belong to no tensor")
        expected, before = ends, key
    if expected < there:
        raise _not_safetensors(path, f"{there - expected:,} bytes at its end belong to no tensor")


def sizes(shape: tuple[int, ...]) -> str:
    """`64x3x7x7`."""
    return "x".join(map(str, shape)) or "scalar"
