"""`archdsl doctor` in real processes: what it finds, and what it says where something is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from archdsl.cli import doctor
from archdsl.draw.engine import which
from archdsl.version import VERSION


def ran(**environment: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "archdsl", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def fake_dot(folder: Path, said: str) -> str:
    path = folder / "dot"
    path.write_text(f"#!/bin/sh\n{said}\n")
    path.chmod(0o755)
    return str(path)


def test_all_is_well() -> None:
    status, text = ran()
    lines = dict(line.split(maxsplit=1) for line in text.splitlines())
    assert status == 0
    assert lines["archdsl"].startswith(VERSION)
    assert lines["torch"] == version("torch")
    assert lines["formats"] == "dot, svg, png, pdf"
    assert lines["font"] == "archdsl's own"
    assert lines["engine"].startswith("Graphviz ") and lines["engine"][9].isdigit()


def test_an_old_dot_is_not_used(tmp_path: Path) -> None:
    path = fake_dot(tmp_path, "echo 'dot - graphviz version 2.38.0 (0)' >&2")
    status, text = ran(PATH=f"{tmp_path}:/usr/bin:/bin")
    assert status == 0
    assert f"Graphviz 2.38.0 ({path}): older than 2.42" in text


def test_one_that_cannot_draw(tmp_path: Path) -> None:
    said = """[ "$1" = -V ] && echo 'dot - graphviz version 12.1.0 (0)' >&2 && exit
[ "$2" = -Tpng ] && echo 'Format: "png" not recognized. Use one of: svg' >&2 && exit 1
echo hello; exit 0"""
    path = fake_dot(tmp_path, said)
    status, text = ran(ARCHDSL_DOT=path)
    assert status == 1
    assert f"- no PNG: Graphviz 12.1.0 ({path}) can't write png" in text
    assert "texts in PNG and PDF may run out of their boxes" in text


def test_one_that_is_not_there() -> None:
    status, text = ran(ARCHDSL_DOT="/nowhere/dot")
    assert status == 1
    assert "/nowhere/dot: not found" in text and "svg" in text


def test_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(which, "find", lambda: None)
    assert doctor.command.main([], standalone_mode=False) == 1
    assert 'pip install "pygraphviz>=2.0"' in capsys.readouterr().out


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(doctor, "version", lambda name: None)  # pyright: ignore
    assert doctor.command.main([], standalone_mode=False) == 1
    text = capsys.readouterr().out
    assert "- no torch, which is for building networks: pip install torch" in text
    assert 'onnx         not installed: pip install "archdsl[onnx]"' in text
    assert "- no onnx" not in text  # an extra
