"""Mistakes and what is said about them: `tests/cases/*.md`, a Markdown file being a test suite.

A section holds one spec in ```` ```arch ```` and, behind it, the messages expected, in ```` ```text ````. Options stand
behind the language: `file=NAME` makes a block a file that can be imported, `target=NAME` names a variant or network,
`max_steps=1000` a limit. `pytest --update` writes the messages.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from archdsl import errors
from archdsl.budget import Limits
from archdsl.compiler import check, check_all
from archdsl.diagnostic import Diagnostic, Error
from archdsl.elaborate.files import ImportRefused
from archdsl.errors.files import FileMissing
from archdsl.render import render_text
from archdsl.source import Source
from tests.fences import Fence, fences, rewrite

CASES = Path(__file__).parent / "cases"


class Case(NamedTuple):
    path: Path
    files: dict[str, str]
    spec: Fence
    expected: Fence


def read(path: Path) -> list[Case]:
    cases: list[Case] = []
    files: dict[str, str] = {}
    spec: Fence | None = None
    for fence in fences(path.read_text(encoding="utf-8")):
        if "file" in fence.options:
            files[fence.options["file"]] = fence.text
        elif fence.language == "arch":
            assert spec is None, f"{path.name}:{fence.line}: no messages behind the spec above"
            spec = fence
        elif fence.language == "text":
            assert spec is not None, f"{path.name}:{fence.line}: messages without a spec"
            cases.append(Case(path, files, spec, fence))
            files, spec = {}, None
    assert spec is None, f"{path.name}: no messages behind the last spec"
    return cases


ALL = [case for path in sorted(CASES.glob("*.md")) for case in read(path)]


def diagnose(case: Case) -> list[Diagnostic]:
    """Every diagnostic of the spec, as `archdsl check` finds them."""
    options = dict(case.spec.options)
    target = options.pop("target", None)
    limits = Limits(**{name.removeprefix("max_"): int(value) for name, value in options.items()})
    sources = {name: Source(name, text, Path(name)) for name, text in case.files.items()}

    def importer(_: Source, path: str) -> Source:
        if path == main.name:
            return main
        if path not in sources:
            raise ImportRefused(FileMissing(path))
        return sources[path]

    main = Source("net.arch", case.spec.text, Path("net.arch"))
    if target is not None:
        return list(check(main, target, limits=limits, importer=importer).diagnostics)
    checked = [result for _, result in check_all(main, limits=limits, importer=importer)]
    return list({(d.code, d.span): d for result in checked for d in result.diagnostics}.values())


def name(case: Case) -> str:
    return f"{case.path.stem}: {case.spec.heading}"


@pytest.mark.parametrize("case", ALL, ids=name)
def test_case(case: Case, update: bool) -> None:
    said = diagnose(case)
    assert said, "a mistake that nothing is said about"
    text = render_text(said, color=False) + "\n"
    if update:
        rewrite(case.path, case.expected, text)
    else:
        assert text == case.expected.text


def test_headings_are_distinct() -> None:
    assert [heading for heading, n in Counter(map(name, ALL)).items() if n > 1] == []


def test_there_are_many() -> None:
    assert len(ALL) >= 60


ELSEWHERE = {
    "E0319",
    *(f"E09{number:02d}" for number in range(2, 15)),
    *("E0119", "E0802", "E0803", "E0804", "E0805", "E0809", "E0810", "E0811", "E0812", "E0813", "E0814", "E0821"),
    *("E1101", "E1102", "E1103", "E1104", "E1105"),
    *("E1201", "E1202", "E1203", "E1204", "E1205", "E1206"),
    *(f"E13{number}" for number in (*range(20, 32), 40, 41, *range(50, 61))),
}
"""Mistakes in a command, on a disk or in a call from Python, made in the tests of those; E0319 takes two inputs, of
different types, and is made in the tests of ops. E11xx need a package: see
`ops/test_installed.py`; E12xx figures: see `draw/test_engine.py` and `cli/test_draw.py`; plans: see
`devices/test_plan_errors.py`; E1320 and on the devices that are there:
`devices/test_mesh_errors.py`; runs: `devices/test_run.py`."""


def test_every_error_has_a_case() -> None:
    families = [getattr(errors, family) for family in errors.FAMILIES]
    classes = [c for family in families for c in vars(family).values() if isinstance(c, type) and issubclass(c, Error)]
    known = {error.code for error in classes if error.code}
    shown = {code for code in known for case in ALL if f"[{code}]" in case.expected.text}
    assert known - shown - ELSEWHERE == set()
