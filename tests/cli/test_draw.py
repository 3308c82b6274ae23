"""`archdsl draw`: what it writes, and what it says to wrong use."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.cli.main import main

SPECS = Path(__file__).parents[2] / "specs"
RESNET = str(SPECS / "resnet.arch")
STARTS = {".svg": b"<svg", ".png": b"\x89PNG", ".pdf": b"%PDF", ".dot": b"//"}


@pytest.mark.parametrize("suffix", STARTS)
def test_every_suffix_is_written_and_written_over(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"net{suffix}"
    for _ in range(2):
        assert main(["draw", f"{RESNET}:resnet18", "-o", str(path)]) == 0
        assert path.read_bytes().startswith(STARTS[suffix])


def test_somebody_elses_picture_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.svg"
    path.write_text("<svg/>")
    assert main(["draw", RESNET, "-o", str(path)]) == 1
    assert path.read_text() == "<svg/>"
    assert "E0810" in capsys.readouterr().err


def test_a_scope_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", RESNET, "--focus", "layer1.7", "-o", str(tmp_path / "net.svg")]) == 1
    said = capsys.readouterr().err
    assert "error[E1205]: there is nothing to open at `layer1.7`" in said
    assert "layer1 has 0, 1, 2" in said


def test_a_suffix_that_is_no_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", RESNET, "-o", str(tmp_path / "net.jpg")]) == 1
    assert "error[E1206]: no picture is written as `.jpg`" in capsys.readouterr().err
