"""What the kinds in a figure mean, below it."""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.draw.drawing import Box, Edge, Text
from archdsl.draw.fonts import width
from archdsl.draw.layout.page import SHAPES

NAMES = {
    "conv": "convolution",
    "reduce": "1x1 reduction",
    "dense": "fully connected",
    "pool": "pooling",
    "norm": "normalisation",
    "activation": "activation",
    "merge": "merge",
    "bar": "concatenation",
    "reshape": "reshape",
    "resize": "resize",
    "regularise": "regularisation",
    "identity": "identity",
    "attention": "attention",
    "embedding": "embedding",
    "exchange": "exchange between devices",
    "module": "module",
    "block": "block",
    "stage": "group",
    "declared": "own tensor",
    "unknown": "not known",
    "error": "failed",
    "skip": "identity shortcut",
    "project": "projection shortcut",
    "training": "in training only",
    "transfer0": "from device to device",
}
"""In the order in which they are explained. What isn't here explains itself."""

LINES = ("skip", "project", "training", "transfer0")
SIZE = 8
SWATCH = (18.0, 10.0)
ROW = 16
GAP = 14


class Legend:
    """Laid out in rows from the left, `wide` at most. `height` is 0 where nothing is to explain."""

    def __init__(self, entries: Iterable[tuple[str, str]], left: float, top: float, wide: float) -> None:
        self.boxes: list[Box] = []
        self.edges: list[Edge] = []
        self.texts: list[Text] = []
        x, y = left, top
        for kind, name in entries:
            long = SWATCH[0] + 5 + width(name, SIZE)
            if x > left and x + long > left + wide:
                x, y = left, y + ROW
            self._entry(kind, name, x, y + ROW / 2)
            x += long + GAP
        self.height = y + ROW - top if self.texts else 0
        self.right = max((text.x + width(text.text, SIZE) for text in self.texts), default=left)

    def _entry(self, kind: str, name: str, x: float, y: float) -> None:
        if kind in LINES:
            path = tuple((x + SWATCH[0] * i / 3, y) for i in range(4))
            self.edges.append(Edge(f"legend:{kind}", "", "", path, kind, arrow=False))
        else:
            shape = "box" if SHAPES.get(kind) == "bar" else SHAPES.get(kind, "round")
            self.boxes.append(Box(f"legend:{kind}", kind, x + SWATCH[0] / 2, y, *SWATCH, shape=shape))
        self.texts.append(Text(name, x + SWATCH[0] + 5, y, SIZE, anchor="start"))


def kinds(used: Iterable[str]) -> list[tuple[str, str]]:
    """Names of the kinds that are used, if there are several."""
    found = set(used)
    entries = [(kind, name) for kind, name in NAMES.items() if kind in found]
    return entries if len(entries) > 1 else []
