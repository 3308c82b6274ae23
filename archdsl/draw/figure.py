"""A figure of a program, in one page."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.diagnostic import Diagnostic
from archdsl.draw.colors import color
from archdsl.draw.drawing import Drawing
from archdsl.draw.facts import Facts
from archdsl.draw.layout.build import Builder
from archdsl.draw.layout.page import MARGIN, Page
from archdsl.draw.legend import Legend, kinds
from archdsl.draw.outline import View, outline
from archdsl.draw.palette import LOOKS
from archdsl.draw.passes import simplify
from archdsl.draw.volumes import Volumes
from archdsl.ir.graph import Program
from archdsl.record import KW_ONLY, Record

DIRECTIONS = ("down", "right")
STYLES = ("boxes", "volume")

PAGE = (1100.0, 1500.0)
"""Points that a printed page has room for, with texts that can still be read."""


class Manner(Record):
    """How a figure looks.

    direction: of the flow, one of `DIRECTIONS`.
    color_by:  one of `colors.MODES`.
    legend:    what the kinds mean, below the figure.
    style:     one of `STYLES`: boxes for steps, or maps in proportion.
    """

    _: KW_ONLY
    direction: str = "down"
    color_by: str = "role"
    legend: bool = True
    style: str = "boxes"


PLAIN = Manner()


def figure(program: Program, view: View, manner: Manner = PLAIN, diagnostics: Sequence[Diagnostic] = ()) -> Drawing:
    """Lay out what a view shows. diagnostics: what is wrong with the program. Raises `KeyError` where a path of the
    view names no scope.
    """
    root = outline(program, view)
    simplify(root, program, view, diagnostics)
    facts = Facts(program)
    coloring = color(root, manner.color_by, facts)
    kinds_of = coloring.kinds if coloring else {}
    if manner.style == "volume":
        page = Volumes(root, facts.lines, kinds_of)
    else:
        builder = Builder(manner.direction == "down")
        placed = builder.whole(root)
        page = Page(root, placed, builder.upright, facts.lines, kinds_of)
    width, height = page.width, page.height
    used = [*(box.kind for box in page.boxes), *(edge.kind for edge in page.edges)]
    entries = [*(coloring.legend if coloring else ()), *kinds(used)] if manner.legend else []
    legend = Legend(entries, MARGIN, height, max(width, 240) - 2 * MARGIN)
    return Drawing(
        program.title,
        max(width, legend.right + MARGIN),
        height + (legend.height + MARGIN / 2 if legend.height else 0),
        tuple(page.groups) if isinstance(page, Page) else (),
        (*page.edges, *legend.edges),
        (*page.boxes, *legend.boxes),
        (*page.texts, *legend.texts),
        {**dict.fromkeys(used, LOOKS["module"]), **LOOKS, **(coloring.looks if coloring else {})},
    )


def fitting_level(program: Program, view: View, manner: Manner = PLAIN) -> str:
    """The most detailed level of those that papers show whose figure fits a page."""
    for level in ("block", "stage"):
        drawing = figure(program, View(level, view.fold, view.focus, view.expand), manner)
        if drawing.width <= PAGE[0] and drawing.height <= PAGE[1]:
            return level
    return "network"
