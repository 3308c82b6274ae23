"""`archdsl weights check` and `archdsl weights convert`, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import archdsl
from archdsl.cli.main import main

SPEC = """\
network net(classes = 3) {
    input x: [N, 4]
    rename "old" -> "body"
    body: linear(5)
    head: linear(classes)
}
variant wide = net(classes=9)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spec, a file that fits it and one of an older naming, in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("net.arch").write_text(SPEC)
    archdsl.save(archdsl.load("net.arch"), "net.safetensors")
    tensors = load_file("net.safetensors")
    save_file({key.replace("body", "old"): tensor for key, tensor in tensors.items()}, "old.safetensors")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    status = main(["weights", *args])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_a_file_that_fits(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check", "net.arch", "net.safetensors") == (
        0,
        "net.safetensors -> net: 4 of 4 tensors fit\n",
        "",
    )


def test_a_file_that_does_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "check", "net.arch:wide", "net.safetensors")
    assert status == 1
    assert out.splitlines() == [
        "net.safetensors -> wide: 2 of 4 tensors fit",
        "  of another shape or type: 2",
        "    head.weight  9x5 in the network, 3x5 in the file",
        "    head.bias  9 in the network, 3 in the file",
        "  saved from net, not wide",
        "  saved with classes = 3, here 9",
    ]
    assert "error[E0907]" in err and "--without head" in err
    assert run(capsys, "check", "net.arch:wide", "net.safetensors", "--without", "head")[0] == 0
    assert run(capsys, "check", "net.arch", "net.safetensors", "--set", "classes=4")[0] == 1


def test_machines_get_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "check", "net.arch:wide", "net.safetensors", "--format", "json")
    report = json.loads(out)
    assert status == 1
    assert report["fits"] is False
    assert [pair["key"] for pair in report["loaded"]] == ["body.weight", "body.bias"]
    assert report["mismatched"][1]["file"] == {"key": "head.bias", "shape": [3], "dtype": "float32"}


def test_broken_files_and_specs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.safetensors").write_bytes(b"")
    status, out, err = run(capsys, "check", "net.arch", "broken.safetensors")
    assert (status, out) == (1, "") and "error[E0902]" in err
    status, _, err = run(capsys, "check", "net.arch", "broken.safetensors", "--output-format", "json")
    assert json.loads(err)[0]["code"] == "E0902"
    assert "E0801" in run(capsys, "check", "nett.arch", "net.safetensors")[2]
    assert run(capsys, "convert", "net.arch", "net.safetensors")[0] == 2


def test_convert_writes_the_networks_names_and_its_spec(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "convert", "net.arch", "old.safetensors", "new.safetensors")
    assert (status, err) == (0, "wrote new.safetensors\n")
    assert "old.weight -> body.weight" in out
    new, expected = load_file("new.safetensors"), load_file("net.safetensors")
    assert new.keys() == expected.keys()
    assert all(torch.equal(new[key], expected[key]) for key in new)
    assert archdsl.load_weights(archdsl.load("net.arch"), "new.safetensors").plain


def test_convert_over_its_own_input(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = load_file("old.safetensors")["old.bias"].clone()
    assert run(capsys, "convert", "net.arch", "old.safetensors", "old.safetensors")[0] == 0
    assert torch.equal(load_file("old.safetensors")["body.bias"], before)


def test_what_does_not_fit_is_not_converted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "convert", "net.arch:wide", "old.safetensors", "new.safetensors")[0] == 1
    assert not Path("new.safetensors").exists()
    assert run(capsys, "convert", "net.arch", "old.safetensors", "no/new.safetensors")[0] == 1


def test_a_file_of_other_names_can_be_checked_by_order(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = {key.replace("body", "x").replace("head", "y"): t for key, t in load_file("net.safetensors").items()}
    save_file(other, "other.safetensors")
    assert "E0908" in run(capsys, "check", "net.arch", "other.safetensors")[2]
    status, out, _ = run(capsys, "check", "net.arch", "other.safetensors", "--by", "order")
    assert status == 0 and "x.weight -> body.weight" in out
