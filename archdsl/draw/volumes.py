"""Feature maps as sheets in proportion, with what makes them between: the figure of LeCun et al. 1998.

image 1x32x32 -> conv -> pool     ->     [] --5x5 conv--> [[[]]] --2x2 avg pool--> [[[]]]
"""

from __future__ import annotations

from collections.abc import Callable

from archdsl.draw.drawing import Box, Edge, Point, Text
from archdsl.draw.fonts import width
from archdsl.draw.layout.curve import curve
from archdsl.draw.parts import Fork, Frame, Leaf, Part, Sizes

SIDE = 150.0
"""Points of the largest map's longer side."""
LINEAR = 8
"""Sides are in proportion where the largest is at most so many times the smallest; else their square roots are."""
SHEETS = 16
"""Of the value with most channels; of others by the square root, and exact where none has more."""
SHIFT = 3.0
THIN = 7.0
"""Width of a vector."""
SIZE = 8.0
GAP = 10.0
TOP = 26.0
"""Over the maps, for their sizes."""
BELOW = 18.0
"""Under them, for the name of the step."""
ROW = 1000.0
"""Width of a row."""


class Volumes:
    """The figure: `boxes`, `edges` and `texts`, on a page of `width` by `height`."""

    def __init__(self, root: Frame, facts: Callable[[Part], tuple[str, ...]], kinds: dict[int, str]) -> None:
        self.leaves = [leaf for leaf in flow(root) if leaf.shape is not None]
        self.facts = facts
        self.kinds = kinds
        self.boxes: list[Box] = []
        self.edges: list[Edge] = []
        self.texts: list[Text] = []
        self.scale = _Scale([leaf.shape for leaf in self.leaves if leaf.shape])
        self.width = self.height = 0.0
        self._place()

    def _place(self) -> None:
        rows: list[list[Leaf]] = [[]]
        x = 0.0
        for leaf in self.leaves:
            own = self._room(leaf)
            if rows[-1] and x + own > ROW:
                rows.append([])
                x = 0.0
            rows[-1].append(leaf)
            x += own
        y = 8.0
        last: Box | None = None
        for row in rows:
            tall = max(self.scale.size(leaf.shape)[1] for leaf in row if leaf.shape)
            middle = y + TOP + tall / 2
            x = 8.0
            for i, leaf in enumerate(row):
                box = self._box(leaf, x + (0 if leaf.kind == "input" else self._between(leaf)), middle)
                if last is not None:
                    self._edge(last, box, leaf, turns=i == 0, y=y)
                last = box
                x = box.right + self._beside(leaf)
                self.width = max(self.width, x + 8)
            y = middle + tall / 2 + BELOW + 10
        self.height = y
        self.width = max([self.width, *(text.x + width(text.text, SIZE, text.bold) / 2 + 8 for text in self.texts)])

    def _room(self, leaf: Leaf) -> float:
        wide = self.scale.size(leaf.shape)[0] if leaf.shape else 0
        return wide + self._beside(leaf) + self._between(leaf)

    def _between(self, leaf: Leaf) -> float:
        """Room before a value for what makes it."""
        return max(width(line, SIZE) for line in _lines(leaf)) + 2 * GAP

    def _beside(self, leaf: Leaf) -> float:
        """Room behind a value that is narrower than its size as text."""
        assert leaf.shape is not None
        return max(0.0, (width(_shown(leaf.shape), SIZE) - self.scale.size(leaf.shape)[0]) / 2 - GAP / 2)

    def _box(self, leaf: Leaf, left: float, middle: float) -> Box:
        assert leaf.shape is not None
        wide, high = self.scale.size(leaf.shape)
        sheets = self.scale.sheets(leaf.shape)
        name = ".".join(leaf.path) + (f"..{leaf.last[-1]}" if leaf.repeat > 1 else "")
        kind = self.kinds.get(id(leaf), leaf.kind)
        taken = sum(box.id.partition(" #")[0] == name for box in self.boxes)
        box = Box(
            f"{name} #{taken + 1}" if taken else name, kind, left + wide / 2, middle, wide, high,
            facts=self.facts(leaf), shape="volume" if sheets > 1 else "box", sheets=sheets, shift=SHIFT,
        )  # fmt: skip
        self.boxes.append(box)
        self.texts.append(Text(_shown(leaf.shape), box.x, box.top - 8, SIZE))
        if label := _name(leaf):
            self.texts.append(Text(label, box.x, box.bottom + 9, SIZE, bold=True))
        return box

    def _edge(self, before: Box, box: Box, leaf: Leaf, turns: bool, y: float) -> None:
        start, end = (before.right, before.y), (box.left - 1, box.y)
        way: list[Point] = [start, end]
        if turns:
            gap = y - 4
            way = [start, (self.width - 2, start[1]), (self.width - 2, gap), (6, gap), (6, end[1]), end]
        elif start[1] != end[1]:
            way = [start, (start[0] + 4, start[1]), (end[0] - 8, end[1]), end]
        self.edges.append(Edge(f"{before.id} -> {box.id}", before.id, box.id, curve(way, upright=False)))
        lines = _lines(leaf)
        x = end[0] - self._between(leaf) / 2 + 2
        for i, line in enumerate(lines):
            self.texts.append(Text(line, x, end[1] - 8 - 10 * (len(lines) - 1 - i), SIZE))


class _Scale:
    """How large values are drawn."""

    def __init__(self, shapes: list[Sizes]) -> None:
        sides = [size for shape in shapes for size in shape.maps if size > 1] or [1]
        self.linear = max(sides) <= LINEAR * min(sides)
        self.side = SIDE / self._of(max(sides))
        self.channels = max((shape.dims[0] for shape in shapes if shape.maps), default=1)
        self.longest = max((max(shape.dims) for shape in shapes if not shape.maps and shape.dims), default=1)

    def _of(self, size: float) -> float:
        return size if self.linear else size**0.5

    def sheets(self, shape: Sizes) -> int:
        if not shape.maps:
            return 1
        if self.channels <= SHEETS:
            return shape.dims[0]
        return max(1, round(SHEETS * (shape.dims[0] / self.channels) ** 0.5))

    def size(self, shape: Sizes | None) -> Point:
        """Width and height of all sheets together, or of a vector."""
        if shape is None or not shape.dims:
            return THIN, THIN
        if not shape.maps:
            return THIN, max(16.0, SIDE * (max(shape.dims) / self.longest) ** 0.5)
        span = SHIFT * (self.sheets(shape) - 1)
        high, wide = (self._of(shape.maps[0]), self._of(shape.maps[-1])) if len(shape.maps) > 1 else (1.0, 1.0)
        if len(shape.maps) == 1:
            high, wide = self._of(shape.maps[0]), self._of(max(1, shape.maps[0] // 8))
        return max(4.0, wide * self.side) + span, max(4.0, high * self.side) + span


def flow(root: Frame) -> list[Leaf]:
    """The boxes on the way through a network, sums and the like left out."""
    found: list[Leaf] = []
    stack: list[Part] = [root]
    while stack:
        part = stack.pop()
        if isinstance(part, Leaf):
            if part.kind not in ("sign", "bar", "declared") and not part.training:
                found.append(part)
        elif isinstance(part, Frame):
            stack += reversed(part.parts)
        elif isinstance(part, Fork):
            stack += reversed(part.branches)
    return found


def _shown(shape: Sizes) -> str:
    """`6@28x28`, as the paper writes it."""
    return f"{shape.dims[0]}@{'x'.join(map(str, shape.maps))}" if shape.maps else str(shape)


def _name(leaf: Leaf) -> str:
    if leaf.kind == "input":
        return leaf.text.split("  ")[0]
    last = leaf.path[-1]
    return "" if last.isdigit() or last[:1] == "~" else last


def _lines(leaf: Leaf) -> list[str]:
    """What makes a value: without the channels that stand over it."""
    if leaf.kind == "input":
        return [""]
    words = [word for word in leaf.text.split(", ") if not word.isdigit()]
    if leaf.repeat > 1:
        words[-1] += f" \N{MULTIPLICATION SIGN}{leaf.repeat}"
    return words
