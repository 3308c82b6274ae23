"""Trying an engine out: what it writes, and in which font."""

from __future__ import annotations

from archdsl.draw import fonts
from archdsl.draw.engine import FORMATS, EngineProblem, render
from archdsl.draw.engine.which import Engine
from archdsl.record import Record

_TEXT = "Wi 3×3 →"
_SIZE = 200
_DOT = (
    f'digraph {{ a [shape=box margin=0 width=0 height=0 fontname="{fonts.FAMILY}" fontsize={_SIZE} label="{_TEXT}"] }}'
)


class Findings(Record):
    """What came of it.

    formats: what it writes.
    problems: what it said instead of the others, by format.
    own_font: whether its text is as wide as that of the font which boxes are sized for.
    """

    formats: tuple[str, ...]
    problems: dict[str, str]
    own_font: bool


def examine(engine: Engine) -> Findings:
    """Draw one box in every format."""
    written: dict[str, bytes] = {}
    problems: dict[str, str] = {}
    for format in FORMATS:
        try:
            written[format] = render(_DOT, format, engine=engine)
        except EngineProblem as problem:
            problems[format] = problem.error.said(problem.error.title)
    return Findings(tuple(written), problems, _in_own_font(written.get("plain", b"")))


def _in_own_font(plain: bytes) -> bool:
    """Whether the box is as wide as its text should be: `node NAME X Y WIDTH HEIGHT ...`, in inches."""
    nodes = [line.split() for line in plain.decode().splitlines() if line.startswith("node ")]
    expected = fonts.width(_TEXT, _SIZE) / 72
    return bool(nodes) and abs(float(nodes[0][4]) / expected - 1) < 0.01
