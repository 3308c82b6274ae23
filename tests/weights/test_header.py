"""Headers: a good one is read as the library reads it, a broken one is refused, whatever is in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from archdsl.reading import Refusal
from archdsl.weights.header import DTYPES, LONGEST, WeightFile, read_header
from tests.weights.files import entry, packed, put

TWO = {"a": entry([2], 0, 8), "b": entry([1, 3], 8, 20)}
GOOD = packed(json.dumps(TWO), bytes(20))


def refused(path: Path | str) -> tuple[str, str]:
    with pytest.raises(Refusal) as caught:
        read_header(str(path))
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code, diagnostic.title


def header_or_code(path: Path) -> WeightFile | str:
    """What the file holds, or the code of the error."""
    try:
        return read_header(str(path))
    except Refusal as refused:
        return refused.diagnostics[0].code


def test_what_the_library_wrote_is_read_as_the_library_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "all.safetensors"
    dtypes = {name: getattr(torch, name) for name, _ in DTYPES.values()}
    tensors = {name: torch.zeros(2, 3).to(dtype) for name, dtype in dtypes.items()}
    tensors |= {"scalar": torch.tensor(1.5), "nothing": torch.zeros(0, 4), "ü.weight": torch.zeros(5)}
    save_file(tensors, path, metadata={"what": "ever"})
    found = read_header(str(path))
    assert found.metadata == {"what": "ever"}
    assert found.tensors.keys() == tensors.keys()
    for key, stored in found.tensors.items():
        assert (stored.key, stored.shape) == (key, tuple(tensors[key].shape))
        assert getattr(torch, stored.dtype) == tensors[key].dtype


BROKEN = {
    "empty": (b"", "E0902", "it is empty"),
    "seven bytes": (b"1234567", "E0902", "shorter than the eight bytes"),
    "a header that leaves the file": (packed("{}", length=3), "E0902", "3 bytes, and 2 are there"),
    "a huge header": (packed("{}", length=2**60), "E0902", "1,152,921,504,606,846,976 bytes"),
    "the largest length": (packed("{}", length=2**64 - 1), "E0902", "and 2 are there"),
    "text": (b"network n { input x: [N, 3]; linear(2) }", "E0902", "are there"),
    "no JSON": (packed("{'a': 1}"), "E0902", "not JSON"),
    "more than JSON": (packed("{} {}"), "E0902", "not JSON"),
    "a list": (packed("[]"), "E0902", "not a JSON object"),
    "not a number": (packed('{"a": NaN}'), "E0902", "not JSON"),
    "deep lists": (packed("[" * 100_000), "E0902", "not JSON"),
    "not UTF-8": (packed(b'{"\xff": 1}'), "E0902", "not UTF-8"),
    "metadata of numbers": (packed('{"__metadata__": {"a": 1}}'), "E0902", "not texts"),
    "metadata as a list": (packed('{"__metadata__": []}'), "E0902", "not texts"),
    "cut off": (GOOD[:-1], "E0904", "20 bytes of tensors are promised, 19 are there"),
    "too long": (GOOD + b"x", "E0902", "1 bytes at its end"),
    "a key twice": (packed('{"a": {}, "a": {}}'), "E0906", "`a`: the header names it twice"),
    "a field twice": (packed('{"a": {"dtype": 1, "dtype": 2}}'), "E0906", "`dtype`: the header names it twice"),
}

WRONG = {
    "no object": (3, "are expected"),
    "a field too few": ({"dtype": "F32", "shape": []}, "are expected"),
    "a field too many": ({**entry([2], 0, 8), "x": 1}, "are expected"),
    "an unknown type": (entry([2], 0, 8, "F31"), "'F31' is none of"),
    "a type that is a list": ({**entry([2], 0, 8), "dtype": []}, "[] is none of"),
    "a shape of text": ({**entry([], 0, 8), "shape": "22"}, "not a list of sizes"),
    "a negative size": (entry([-2], 0, 8), "not a list of sizes"),
    "a size of true": (entry([True], 0, 4), "not a list of sizes"),
    "a size of 1.0": (entry([1.0], 0, 4), "not a list of sizes"),
    "too many axes": (entry([1] * 65, 0, 4), "not a list of sizes"),
    "a size of 5,000 digits": (entry([2], 0, 8), "not a list of sizes"),
    "a shape beyond all memory": (entry([2**62] * 60, 0, 8), "its shape is too large, and it has 8"),
    "too few bytes": (entry([3], 0, 8), "F32 3 takes 12 bytes, and it has 8"),
    "three offsets": ({**entry([2], 0, 8), "data_offsets": [0, 8, 8]}, "begin and end"),
    "offsets backwards": (entry([2], 8, 0), "begin and end"),
    "negative offsets": (entry([2], -8, 0), "begin and end"),
}


@pytest.mark.parametrize(("data", "code", "said"), BROKEN.values(), ids=BROKEN)
def test_broken_files(tmp_path: Path, data: bytes, code: str, said: str) -> None:
    (tmp_path / "x.safetensors").write_bytes(data)
    found = refused(tmp_path / "x.safetensors")
    assert found[0] == code
    assert said in found[1]


@pytest.mark.parametrize(("value", "said"), WRONG.values(), ids=WRONG)
def test_entries_that_cannot_be_true(tmp_path: Path, value: object, said: str) -> None:
    path = tmp_path / "x.safetensors"
    header = json.dumps({"a": value})
    if "digits" in os.environ.get("PYTEST_CURRENT_TEST", ""):
        header = header.replace("[2]", f"[{'9' * 5000}]")
    path.write_bytes(packed(header, bytes(8)))
    code, title = refused(path)
    assert code == "E0906"
    assert said in title


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (((0, 8), (4, 12)), "overlap those of `a`"),
        (((4, 12), (0, 8)), "overlap those of `b`"),
        (((0, 8), (0, 8)), "overlap"),
        (((0, 8), (12, 20)), "4 bytes before its own"),
        (((4, 12), (12, 20)), "4 bytes before its own"),
    ],
)
def test_tensors_that_overlap_or_leave_gaps(tmp_path: Path, places: tuple[tuple[int, int], ...], said: str) -> None:
    header = {key: entry([2], *place) for key, place in zip("ab", places)}
    path = put(tmp_path / "x.safetensors", header, bytes(max(ends for _, ends in places)))
    code, title = refused(path)
    assert code == "E0906"
    assert said in title


def test_the_library_alone_would_take_the_last_of_two_equal_keys(tmp_path: Path) -> None:
    one = json.dumps(entry([2], 0, 8))
    (tmp_path / "x.safetensors").write_bytes(packed(f'{{"a": {one}, "a": {one}}}', bytes(8)))
    with safe_open(tmp_path / "x.safetensors", framework="pt") as file:
        assert list(file.keys()) == ["a"]
    assert refused(tmp_path / "x.safetensors")[0] == "E0906"


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "net.safetensors").write_bytes(GOOD)
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path)[0] == "E0802"
    assert refused(tmp_path / "pipe")[0] == "E0802"
    assert refused("a\0b")[0] == "E0803"
    with pytest.raises(Refusal) as caught:
        read_header(str(tmp_path / "nett.safetensors"))
    assert caught.value.diagnostics[0].code == "E0801"
    assert "net.safetensors" in caught.value.diagnostics[0].helps[0].text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(GOOD)
    (tmp_path / "x.safetensors").chmod(0)
    assert refused(tmp_path / "x.safetensors")[0] == "E0803"


@pytest.mark.parametrize("zipped", [True, False])
def test_pickles_are_never_opened(tmp_path: Path, zipped: bool) -> None:
    ran = tmp_path / "ran"
    torch.save({"a": Trap(ran)}, tmp_path / "net.weights", _use_new_zipfile_serialization=zipped)
    code, _ = refused(tmp_path / "net.weights")
    assert code == "E0903"
    assert not ran.exists()


class Trap:
    """Runs a command when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.path}",)


def test_the_suffix_of_a_pickle_is_enough_if_it_is_no_safetensors_file(tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(b"anything")
    assert refused(tmp_path / "net.pth")[0] == "E0903"
    (tmp_path / "net.pth").write_bytes(GOOD)
    assert read_header(str(tmp_path / "net.pth")).tensors.keys() == {"a", "b"}


def test_nothing_in_the_package_loads_a_pickle_of_weights() -> None:
    package = Path(__file__).parents[2] / "archdsl"
    code = [path for path in package.rglob("*.py") if path.name != "weights.py" or path.parent.name != "errors"]
    assert [path for path in code if "torch.load" in path.read_text()] == []


def test_a_huge_header_takes_no_memory(tmp_path: Path) -> None:
    """A sparse file of 2 GB, all header; and one of the largest header that is read, made to take the most memory."""
    with open(tmp_path / "huge.safetensors", "wb") as file:
        file.write(packed("{}", length=2**31))
        file.truncate(2**31 + 8)
    (tmp_path / "lists.safetensors").write_bytes(packed('{"a":[' + "[]," * (LONGEST // 3 - 4) + "[]]}"))
    script = (
        "import resource, sys\n"
        "from archdsl.reading import Refusal\nfrom archdsl.weights.header import read_header\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))\n"
        "for name in ('huge', 'lists'):\n"
        "    try: read_header(f'{name}.safetensors')\n"
        "    except Refusal as refused: print(refused.diagnostics[0].code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("E0905\nE0906\n", "")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_damage_brings_a_clear_error_or_what_the_library_reads(tmp_path: Path, data: st.DataObject) -> None:
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    path = tmp_path / "x.safetensors"
    path.write_bytes(damaged)
    found = header_or_code(path)
    if isinstance(found, str):
        assert found in {"E0902", "E0903", "E0904", "E0905", "E0906"}
        return
    with safe_open(path, framework="pt") as file:
        assert set(file.keys()) == found.tensors.keys()
        for key, stored in found.tensors.items():
            assert tuple(file.get_slice(key).get_shape()) == stored.shape


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9), lambda inner: (
    st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["a", "b", "dtype", "shape", "data_offsets", "__metadata__"]), inner, max_size=4
    )
)))  # fmt: skip
def test_any_json_brings_a_clear_error_or_a_header(tmp_path: Path, header: object) -> None:
    put(tmp_path / "x.safetensors", header, bytes(8))
    found = header_or_code(tmp_path / "x.safetensors")
    assert isinstance(found, WeightFile) or found in {"E0902", "E0904", "E0906"}
