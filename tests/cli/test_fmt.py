"""`archdsl fmt`: which files are written, and what the exit status says."""

from __future__ import annotations

import io
import stat
import sys
from pathlib import Path

import pytest

from archdsl.cli.main import main

UGLY = "network net{\n  input x:[N,3]\n\n\n  linear( 2 )   # two\n}\n"
NEAT = "network net {\n    input x: [N, 3]\n\n    linear(2)  # two\n}\n"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.arch"
    path.write_text(UGLY)
    return path


def test_a_file_is_formatted_in_place(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.chmod(0o664)
    assert main(["fmt", "net.arch"]) == 0
    assert spec.read_text() == NEAT
    assert stat.S_IMODE(spec.stat().st_mode) == 0o664
    assert capsys.readouterr() == ("", "reformatted net.arch\n")


def test_a_formatted_file_is_not_touched(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(NEAT)
    before = spec.stat()
    assert main(["fmt", "net.arch"]) == 0
    assert (spec.stat().st_ino, spec.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert capsys.readouterr() == ("", "")


def test_check_writes_nothing(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--check", "net.arch"]) == 1
    assert spec.read_text() == UGLY
    assert capsys.readouterr() == ("", "would reformat net.arch\n")
    spec.write_text(NEAT)
    assert main(["fmt", "--check", "net.arch"]) == 0


def test_diff_prints_what_would_change(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--diff", "net.arch"]) == 1
    assert spec.read_text() == UGLY
    shown, said = capsys.readouterr()
    assert said == ""
    assert shown.startswith("--- net.arch\n+++ net.arch (formatted)\n@@ ")
    assert "\n-network net{\n" in shown
    assert "\n+network net {\n" in shown


def test_standard_input_goes_to_standard_output(
    spec: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(UGLY.encode())))
    assert main(["fmt", "-"]) == 0
    assert capsys.readouterr() == (NEAT, "")
    assert spec.read_text() == UGLY


def test_a_file_with_a_mistake_is_left_alone_and_the_others_are_formatted(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = spec.with_name("bad.arch")
    bad.write_text("network net {\n  input x:[N,3\n}\n")
    assert main(["fmt", "bad.arch", "missing.arch", "net.arch"]) == 1
    assert bad.read_text() == "network net {\n  input x:[N,3\n}\n"
    assert spec.read_text() == NEAT
    said = capsys.readouterr().err
    assert "error[E01" in said
    assert "error[E0801]" in said
