"""`archdsl draw`: what it writes, and what it says to wrong use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archdsl.cli.main import main
from archdsl.draw import engine
from archdsl.errors.figures import TooLarge

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


def test_what_is_too_large_is_folded_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "net.png"

    def render(dot: str, form: str, **_: object) -> bytes:
        if dot.count("\n  n") > 60:
            raise engine.EngineProblem(TooLarge("Graphviz 14", "10 seconds"))
        return engine_render(dot, form, program="neato")

    engine_render = engine.render
    monkeypatch.setattr(engine, "render", render)
    assert main(["draw", f"{RESNET}:resnet50", "--level", "step", "-o", str(path)]) == 0
    said = capsys.readouterr().err
    assert "note: the figure is too large for Graphviz; drawn with --level step --fold" in said
    assert "drawn with --level block --fold" in said
    assert path.read_bytes().startswith(STARTS[".png"])


def test_what_failed_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.arch").write_text("network net {\n    input x: [N, 3]\n    linaer(2)\n    linear(4)\n}\n")
    assert main(["draw", str(tmp_path / "bad.arch"), "-o", str(tmp_path / "bad.svg")]) == 1
    drawn = (tmp_path / "bad.svg").read_text()
    assert "E0202: there is no op, block or connector named `linaer`" in drawn
    assert 'class="box k-error"' in drawn and 'class="box k-unknown"' in drawn
    assert "error[E0202]" in capsys.readouterr().err


def test_no_name_of_a_spec_is_more_than_text(tmp_path: Path) -> None:
    spec = tmp_path / "odd.arch"
    spec.write_text(
        "network net {\n    input x: [N, 3, 8, 8]\n"
        '    section("a\\"]; URL=\\"http://x\\" <b>&\\\\n") { conv(4, 3x3) -> conv(4, 3x3) }\n'
        '    "b-<i>": { conv(4, 1x1) -> conv(5, 1x1) }\n}\n'
    )
    for suffix in (".dot", ".svg", ".pdf"):
        assert main(["draw", str(spec), "-o", str(tmp_path / f"odd{suffix}")]) == 0
    text = (tmp_path / "odd.dot").read_text()
    assert "URL" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    assert "<b>" not in (tmp_path / "odd.svg").read_text()
