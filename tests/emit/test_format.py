"""Emitted modules are as `ruff format` and `ruff check` leave them, and the same on every run."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from archdsl.budget import Limits
from archdsl.compiler import check, check_all
from archdsl.emit import emit
from archdsl.reading import importer
from archdsl.source import Source
from tests.emit.build import ruff
from tests.emit.specs import random_spec

ROOT = Path(__file__).parents[2]
RULES = "E,F,W,I,UP,B,C4,SIM,RUF,RET,PIE,ISC"


def random_modules(count: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for seed in range(count):
        numbers = random.Random(seed)
        checked = check(Source("random.arch", random_spec(lambda below, numbers=numbers: numbers.randrange(below))))
        if checked.program is not None:
            found[f"random{seed}"] = emit(checked.program)
    return found


def modules_of_specs() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted((ROOT / "specs").glob("*.arch")):
        source = Source(f"specs/{path.name}", path.read_text(), path)
        for name, checked in check_all(source, importer=importer(source, Limits())):
            if checked.program is not None:
                found[f"{path.stem}_{name}"] = emit(checked.program)
    return found


def test_ruff_has_nothing_to_say(tmp_path: Path) -> None:
    modules = random_modules(120) | modules_of_specs()
    assert len(modules) > 100
    for name, source in modules.items():
        (tmp_path / f"{name}.py").write_text(source)
    assert ruff(tmp_path, "format", "--line-length", "120", "--diff") == ""
    assert ruff(tmp_path, "check", "--line-length", "120", "--select", RULES, "--output-format", "concise") == ""


def test_resnet50_fits_on_a_page() -> None:
    assert len(modules_of_specs()["resnet_resnet50"].splitlines()) <= 80


def test_every_run_prints_the_same() -> None:
    script = "from tests.emit.test_format import *; print(repr({**random_modules(30), **modules_of_specs()}))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
