"""What `compile -o FILE` writes, by the file's suffix."""

from __future__ import annotations

from archdsl.cli.console import err
from archdsl.formats import SUFFIXES, WITH_WEIGHTS, Exported, ExportError, as_bytes, as_text, suffix_of
from archdsl.ir.graph import Program
from archdsl.reading import Refusal, refusal


def known_suffix(path: str) -> str:
    """The suffix of a file to be written. Raises `Refusal` where it stands for no form."""
    suffix = suffix_of(path)
    if suffix not in SUFFIXES:
        from archdsl.errors.files import UnknownSuffix

        raise refusal(UnknownSuffix(suffix or path, ", ".join(SUFFIXES)), path)
    return suffix


def content(program: Program, path: str, suffix: str, seed: int) -> bytes:
    """The file's content. Raises `Refusal` where torch or ONNX can't write it."""
    if suffix not in WITH_WEIGHTS:
        return as_text(program, suffix).encode("utf-8")
    made = _built(program, path, suffix, seed)
    for name, size in made.fixed.items():
        err(f"note: {name} is fixed at {size}: ONNX has no adaptive pool for a size that is free")
    return made.data


def _built(program: Program, path: str, suffix: str, seed: int) -> Exported:
    import torch

    from archdsl.api import TooLarge, build

    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]
    try:
        return as_bytes(program, build(program), suffix)
    except ExportError as problem:
        raise _failed(path, problem.reason) from None
    except TooLarge as problem:
        raise _failed(path, str(problem)) from None


def _failed(path: str, reason: str) -> Refusal:
    from archdsl.errors.files import ExportFailed

    return refusal(ExportFailed(path, reason), path)
