"""`archdsl compile -o FILE`: the suffix says what is written."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import onnx
import pytest
import torch

from archdsl.cli.main import main

SPEC = str(Path(__file__).parents[2] / "specs" / "lenet.arch")

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:onnxscript",
    "ignore::DeprecationWarning:torch.onnx",
    "ignore:.*isinstance.treespec, LeafSpec.*:FutureWarning",
)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("suffix", [".py", ".json", ".onnx", ".onnxtxt", ".pt2"])
def test_suffixes(suffix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for seed in ("1", "1", "2"):
        assert main(["compile", SPEC, "-o", f"net{suffix}", "--seed", seed]) == 0, "a generated file is replaced"
        assert capfd.readouterr().err == f"wrote net{suffix}\n"
    file = tmp_path / f"net{suffix}"
    if suffix == ".json":
        assert json.loads(file.read_text())["title"] == "lenet"
    elif suffix == ".onnx":
        onnx.checker.check_model(onnx.load(file))
    elif suffix == ".pt2":
        assert torch.export.load(file).module()(torch.zeros(2, 1, 32, 32)).shape == (2, 10)
    assert list(tmp_path.iterdir()) == [file]


def test_one_seed_gives_one_file(tmp_path: Path) -> None:
    contents: list[bytes] = []
    for seed in ("1", "1", "2"):
        assert main(["compile", SPEC, "-o", "net.onnx", "--seed", seed]) == 0
        contents.append((tmp_path / "net.onnx").read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_an_unknown_suffix(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", SPEC, "-o", "net.pth"]) == 1
    said = capfd.readouterr().err
    assert "error[E0813]: nothing is written as `.pth`" in said
    assert "help: choose one of .py, .json, .onnx, .onnxtxt, .pt2" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("start", [b"", b"\x08", b"PK"])
def test_other_files_are_kept(start: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.json"
    file.write_bytes(start + b"mine")
    assert main(["compile", SPEC, "-o", file.name]) == 1
    assert "E0810" in capfd.readouterr().err
    assert file.read_bytes() == start + b"mine"


def test_a_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)  # as if it were not installed
    assert main(["compile", SPEC, "-o", "net.onnx"]) == 1
    said = capfd.readouterr().err
    assert "error[E0814]: cannot write `net.onnx`: the package onnxscript is not installed" in said
    assert "pip install 'archdsl[onnx]'" in said
    assert list(tmp_path.iterdir()) == []
