"""From places along and across the main axis to a drawing: x and y, texts, ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from archdsl.draw.drawing import Box, Edge, Group, Point, Text
from archdsl.draw.layout import measure
from archdsl.draw.layout.boxes import PAD
from archdsl.draw.layout.curve import curve
from archdsl.draw.layout.placed import Block, Border, Line, Placed, Spot
from archdsl.draw.parts import End, Frame, Leaf, Part

SHAPES = {"sign": "circle", "dense": "box", "pool": "cut", "reshape": "box", "bar": "bar"}
"""Of boxes, by their kind; others have round corners."""

MARGIN = 8
"""Around the figure."""


NO_KINDS: Mapping[int, str] = {}


class Page:
    """Boxes, groups and edges of one laid out network."""

    def __init__(self, root: Frame, placed: Placed, upright: bool, facts: Callable[[Part], tuple[str, ...]],
        kinds: Mapping[int, str] = NO_KINDS,
    ) -> None:  # fmt: skip
        """facts: the tooltip of a part. kinds: of leaves, by identity, where that is not their own."""
        self.kinds = kinds
        self.upright = upright
        self.facts = facts
        self.placed = placed
        self.origin = (MARGIN, MARGIN - placed.low)
        self.sources = Sources(root)
        self.texts: list[Text] = []
        self.names: dict[int, str] = {}
        self.taken: dict[str, int] = {}
        self.groups = [self._group(border) for border in sorted(placed.borders, key=_area, reverse=True)]
        self.edges = unique(self._edge(line) for line in placed.lines)
        self.boxes = [box for block in placed.blocks for box in self._boxes(block)]

    def name(self, part: Part) -> str:
        """The id of a part: its path, and what it stands for; with a number where that is an earlier one's already."""
        if (known := self.names.get(id(part))) is None:
            path = ".".join(part.path)
            if isinstance(part, Frame) and part.node is None:
                path = f"{path} {part.kind}"
            known = f"{path}..{part.last[-1]}" if part.repeat > 1 else path
            number = self.taken[known] = self.taken.get(known, 0) + 1
            if number > 1:
                known = f"{known} {number}"
            self.names[id(part)] = known
        return known

    @property
    def width(self) -> float:
        return self._extent(self.upright)

    @property
    def height(self) -> float:
        return self._extent(not self.upright)

    def _extent(self, across: bool) -> float:
        return (self.placed.high - self.placed.low if across else self.placed.length) + 2 * MARGIN

    def point(self, spot: Spot) -> Point:
        m, c = spot[0] + self.origin[0], spot[1] + self.origin[1]
        return (c, m) if self.upright else (m, c)

    def _boxes(self, block: Block) -> Iterable[Box]:
        leaf = block.leaf
        x, y = self.point((block.m, block.c))
        wide, high = (block.breadth, block.length) if self.upright else (block.length, block.breadth)
        if block.ports:
            yield from self._bar(block)
            return
        bold = leaf.kind == "sign"
        kind = self.kinds.get(id(leaf), leaf.kind)
        texts = [Text(leaf.text + measure.count(leaf), x, y, measure.SIZE, bold, kind=kind)]
        if leaf.caption:
            texts = [
                Text(texts[0].text, x, y - 6, measure.SIZE, bold, kind=kind),
                Text(leaf.caption, x, y + 7, measure.SMALL, kind=kind),
            ]
        shape = SHAPES.get(leaf.kind, "round")
        if shape == "circle" and wide != high:
            shape = "round"
        yield Box(self.name(leaf), kind, x, y, wide, high, tuple(texts), self.facts(leaf), shape)

    def _bar(self, block: Block) -> Iterable[Box]:
        """The bar, and before it the fields."""
        leaf = block.leaf
        field = abs(block.field)
        toward = 1 if block.field > 0 else -1
        for i, (low, high, text) in enumerate(block.ports):
            m = block.m - toward * (block.length - field) / 2
            yield self._plain(f"{self.name(leaf)}:{i}", "port", m, (low + high) / 2, field, high - low, text)
        length = block.length - field
        m = block.m + toward * field / 2
        yield self._plain(self.name(leaf), "bar", m, block.c, length, block.breadth, leaf.text, self.facts(leaf))

    def _plain(
        self, name: str, kind: str, m: float, c: float, length: float, breadth: float, text: str,
        facts: tuple[str, ...] = (),
    ) -> Box:  # fmt: skip
        x, y = self.point((m, c))
        wide, high = (breadth, length) if self.upright else (length, breadth)
        size = measure.SMALL if kind == "port" else measure.SIZE
        return Box(name, kind, x, y, wide, high, (Text(text, x, y, size, kind=kind),), facts, kind)

    def _group(self, border: Border) -> Group:
        frame = border.frame
        left, top = self.point((border.m0, border.c0))
        right, bottom = self.point((border.m1, border.c1))
        title = None
        y = bottom - PAD + 1 if border.turned and self.upright else top + PAD + 1
        if frame.title:
            title = Text(
                frame.title,
                left + PAD,
                y,
                measure.SMALL,
                True,
                "start",
                frame.kind if frame.kind.startswith("device") else "title",
            )
        if frame.repeat > 1:
            count = measure.count(frame).strip()
            self.texts.append(Text(count, right - PAD, y, measure.SMALL, True, "end", "title"))
        kind = "repeat" if frame.repeat > 1 else frame.kind
        return Group(self.name(frame), kind, left, top, right, bottom, title, self.facts(frame))

    def _edge(self, line: Line) -> Edge:
        source = self.sources.leaf(line.context, line.wire.source)
        start, end = (self.name(source) if source else ""), self.name(line.target)
        path = curve([self.point(spot) for spot in line.points], self.upright)
        text = None
        if line.text:
            x, y = self.point(line.text[:2])
            anchor = "start" if self.upright else "middle"
            x, y = (x + 5, y) if self.upright else (x, y - measure.SMALL)
            text = Text(line.text[2], x, y, measure.SMALL, anchor=anchor, kind=line.wire.kind)
        return Edge(f"{start} -> {end}", start, end, path, line.wire.kind, text)


def _area(border: Border) -> float:
    return (border.m1 - border.m0) * (border.c1 - border.c0)


class Sources:
    """Which leaf an end of a wire stands for: frames are looked into, and out of."""

    def __init__(self, root: Frame) -> None:
        self.outside: dict[int, tuple[Frame, dict[int, End]]] = {}
        stack = [root]
        while stack:
            frame = stack.pop()
            inner = [part for part in frame.parts if isinstance(part, Frame)]
            inner += [branch for part in frame.parts for branch in getattr(part, "branches", ())]
            for each in inner:
                ends = {wire.target.index: wire.source for wire in frame.wires if wire.target.part is each}
                self.outside[id(each)] = (frame, ends)
            stack += inner

    def leaf(self, context: Frame, end: End) -> Leaf | None:
        while not isinstance(end.part, Leaf):
            if end.part is None:
                context, ends = self.outside.get(id(context), (context, {}))
                found = ends.get(end.index)
            else:
                assert isinstance(end.part, Frame)
                context = end.part
                found = next((w.source for w in context.into(None) if w.target.index == end.index), None)
            if found is None:
                return None
            end = found
        return end.part


def unique(edges: Iterable[Edge]) -> list[Edge]:
    """Edges with ids of their own: a second one between the same boxes gets a number."""
    seen: dict[str, int] = {}
    found: list[Edge] = []
    for edge in edges:
        seen[edge.id] = number = seen.get(edge.id, 0) + 1
        own = edge.id if number == 1 else f"{edge.id} {number}"
        found.append(Edge(own, edge.source, edge.target, edge.path, edge.kind, edge.text, edge.facts, edge.arrow))
    return found
