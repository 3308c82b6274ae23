"""A figure of a program, in one page."""

from __future__ import annotations

from archdsl.draw.drawing import Drawing
from archdsl.draw.layout.build import Builder
from archdsl.draw.layout.page import Page
from archdsl.draw.outline import View, outline
from archdsl.draw.palette import LOOKS
from archdsl.draw.parts import Part
from archdsl.draw.passes import simplify
from archdsl.ir.graph import Program

DIRECTIONS = ("down", "right")


def figure(program: Program, view: View, direction: str = "down") -> Drawing:
    """Lay out what a view shows. Raises `KeyError` where a path names no scope."""
    root = outline(program, view)
    simplify(root, program, view)
    upright = direction == "down"
    builder = Builder(upright)
    placed = builder.whole(root)
    page = Page(root, placed, builder.upright, _facts)
    width, height = page.size
    return Drawing(
        program.title, width, height, tuple(page.groups), tuple(page.edges), tuple(page.boxes), tuple(page.texts), LOOKS
    )


def _facts(part: Part) -> tuple[str, ...]:
    return tuple(fact for fact in (".".join(part.path), str(part.shape or "")) if fact)
