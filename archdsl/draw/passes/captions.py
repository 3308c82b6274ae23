"""Second lines of boxes: the size that a closed scope makes; at the level of steps also each step's name.

bottleneck x3     ->     bottleneck x3
                         256x56x56
"""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.diagnostic import Diagnostic
from archdsl.draw.labels import cut
from archdsl.draw.parts import Frame, Leaf
from archdsl.ir.graph import Layer, Node, Unknown

MESSAGE = 70
"""Characters of an error's message."""


def captions(frame: Frame, names: bool) -> None:
    """Write the captions of a frame's boxes. names: of every step."""
    for part in frame.parts:
        if not isinstance(part, Leaf):
            continue
        if part.kind in ("block", "stage"):
            name = part.path[-1] if part.text.startswith("dense block") else ""
            part.caption = "  ".join(text for text in (name, str(part.shape or "")) if text)
        elif names and isinstance(part.node, Layer) and part.kind not in ("sign", "bar"):
            name = ".".join(part.node.name or ())
            part.caption = "  ".join(text for text in (name, str(part.shape or "")) if text)


def mark(frame: Frame, diagnostics: Sequence[Diagnostic]) -> None:
    """Mark steps that failed with what is wrong with them."""
    for part in frame.parts:
        if isinstance(part, Leaf) and isinstance(part.node, Unknown):
            found = next((each for each in diagnostics if _is_about(each, part.node)), None)
            if found is not None:
                part.kind = "error"
                part.caption = cut(f"{found.code}: {found.title}", MESSAGE)


def _is_about(diagnostic: Diagnostic, node: Node) -> bool:
    span, place = diagnostic.span, node.place.span
    same = span.source is place.source and diagnostic.severity == "error"
    return same and place.start <= span.start and span.end <= place.end
