"""How large a box must be for its texts."""

from __future__ import annotations

from archdsl.draw.fonts import width
from archdsl.draw.parts import Frame, Leaf, Part

SIZE = 10
"""Of the text in boxes, in points."""
SMALL = 8
"""Of captions, titles and what stands beside lines."""
MARGIN = 8
"""Between a box's text and its border, at the left and right."""
LINE = 22
"""Height of a box of one line, ..."""
LINES = 32
"""... and of two."""
CIRCLE = 18
PORT = 14
"""Height of a field of a bar."""


def room(leaf: Leaf) -> tuple[float, float]:
    """Width and height that a box needs."""
    if leaf.kind == "sign":
        return max(CIRCLE, width(leaf.text, SIZE, bold=True) + MARGIN), CIRCLE
    text = width(leaf.text + count(leaf), SIZE)
    return max(text, width(leaf.caption, SMALL)) + 2 * MARGIN, LINES if leaf.caption else LINE


def count(part: Part) -> str:
    """What is written behind a part that stands for several."""
    return f"  \N{MULTIPLICATION SIGN}{part.repeat}" if part.repeat > 1 else ""


def widest(frame: Frame) -> float:
    """The width that all boxes of a figure's axis share."""
    stack: list[Part] = [frame]
    found = 60.0
    while stack:
        part = stack.pop()
        if isinstance(part, Frame):
            stack += part.parts
        elif isinstance(part, Leaf) and part.kind not in ("sign", "error"):
            found = max(found, room(part)[0])
    return found
