"""Drawings made by hand, with one of everything."""

from __future__ import annotations

from itertools import pairwise

from archdsl.draw import fonts
from archdsl.draw.drawing import Box, Drawing, Edge, Group, Look, Paint, Text

LOOKS = {
    "paper": Look(Paint("#ffffff", "#ffffff", "#000000"), Paint("#17181c", "#17181c", "#e6e6e6")),
    "text": Look(Paint("#ffffff", "#333333", "#333333"), Paint("#17181c", "#c0c0c0", "#c0c0c0")),
    "conv": Look(Paint("#56b4e9", "#1a1a1a", "#000000"), Paint("#56b4e9", "#e0e0e0", "#000000")),
    "merge": Look(Paint("#f0e442", "#1a1a1a", "#000000"), Paint("#f0e442", "#e0e0e0", "#000000")),
    "group": Look(Paint("#ffffff", "#555555", "#333333"), Paint("#17181c", "#999999", "#cccccc"), "dashed"),
    "flow": Look(Paint("#ffffff", "#333333", "#333333"), Paint("#17181c", "#c0c0c0", "#c0c0c0")),
    "skip": Look(Paint("#ffffff", "#333333", "#333333"), Paint("#17181c", "#c0c0c0", "#c0c0c0"), "dashed"),
}

HOSTILE = (
    '"quoted"',
    "back\\slash\\",
    "<b>bold</b>",
    "a\\nb\\lc\\rd \\N \\G",
    "100% %s %n",
    "漢字 é ß Ω → ×",
    "]]><script>alert(1)</script>",
    "--><image href='http://example.org/x.png'/>",
    "&amp; &#60; &lt;",
    '<script xlink:href="javascript:alert(1)">',
    "nul \x00 bell \x07 surrogate \udc80",
    "' onload='alert(1)",
    "}</style><style>*{display:none}",
    "\u202eright to left",
)


def _box(shape: str, y: float) -> Box:
    kind, label, width = ("merge", "+", 34) if shape == "circle" else ("conv", f"{shape} 3×3, 64", 120)
    sheets, shift = (3, 4) if shape == "volume" else (1, 0)
    text = Text(label, 86, y + 4) if shape == "volume" else Text(label, 90, y, bold=shape == "bar")
    return Box(
        f"shapes.{shape}", kind, 90, y, width, 34, (text,), (f"shapes.{shape}", "64x56x56"), shape, sheets, shift
    )


def shapes() -> Drawing:
    """Every shape, a group, both kinds of arrow."""
    names = ("round", "box", "circle", "bar", "port", "cut", "plain", "volume")
    boxes = tuple(_box(shape, 40 + 60 * row) for row, shape in enumerate(names))
    flows = tuple(
        Edge(f"{a.id}-{b.id}", a.id, b.id, ((90, a.bottom), (90, a.bottom + 8), (90, b.top - 8), (90, b.top)))
        for a, b in pairwise(boxes)
    )
    skip = Edge(
        "skip", boxes[0].id, boxes[2].id, ((150, 40), (220, 40), (220, 160), (107, 160)), "skip",
        Text("identity", 208, 100, 8, anchor="start"),
    )  # fmt: skip
    frame = Group("shapes", "group", 10, 70, 230, 240, Text("shapes ×3", 20, 232, 10, anchor="start"))
    return Drawing(
        "every shape", 260, 500, (frame,), (*flows, skip), boxes, (Text("64x56x56", 100, 70, 8, anchor="start"),), LOOKS
    )


def labelled(label: str) -> Drawing:
    """One box, with the label in every place that takes text."""
    wide = fonts.width(label, 10) + 16
    box = Box(label, "conv", wide / 2 + 10, 40, wide, 34, (Text(label, wide / 2 + 10, 40),), (label,))
    frame = Group(f"{label}.group", "group", 5, 5, wide + 15, 90, Text(label, 10, 80, anchor="start"), (label,))
    edge = Edge(
        f"{label}-", label, label, ((15, 57), (15, 70), (90, 70), (90, 57)), "flow", Text(label, 20, 66, 6), (label,)
    )
    return Drawing(label, wide + 20, 120, (frame,), (edge,), (box,), (Text(label, 10, 105, 10, True, "start"),), LOOKS)
