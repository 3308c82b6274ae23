"""Parts with their places, relative to each other until they have moved to where they stay."""

from __future__ import annotations

from archdsl.draw.parts import End, Frame, Leaf, Wire
from archdsl.record import Record

Spot = tuple[float, float]
"""A place: along the main axis, and across it."""


class Block:
    """A leaf's box, by its middle. `ports` are the fields at the start of a bar, each `field` long: from where to where
    across, and what it says."""

    __slots__ = ("breadth", "c", "field", "leaf", "length", "m", "ports")

    def __init__(self, leaf: Leaf, m: float, c: float, length: float, breadth: float) -> None:
        self.leaf = leaf
        self.m = m
        self.c = c
        self.length = length
        self.breadth = breadth
        self.ports: list[tuple[float, float, str]] = []
        self.field = 0.0


class Border:
    """A frame's: from `m0` to `m1` along, `c0` to `c1` across."""

    __slots__ = ("c0", "c1", "frame", "m0", "m1", "turned")

    def __init__(self, frame: Frame, m0: float, m1: float, c0: float, c1: float) -> None:
        self.frame = frame
        self.m0 = m0
        self.m1 = m1
        self.c0 = c0
        self.c1 = c1
        self.turned = False
        """Its flow runs backwards, and its title stands at its end."""


class Line:
    """A wire with its way. Straight pieces along or across; a slanting piece is drawn as a curve.

    context: the frame that the wire stands in, from which its ends are found.
    """

    __slots__ = ("context", "points", "target", "text", "wire")

    def __init__(self, context: Frame, wire: Wire, points: list[Spot], target: Leaf) -> None:
        self.context = context
        self.wire = wire
        self.points = points
        self.target = target
        self.text: tuple[float, float, str] | None = None
        """What is written beside it, and where."""


class Stub(Record):
    """The way between a part's outside and the leaf within that is meant, in the flow's direction."""

    points: list[Spot]
    leaf: Leaf

    def moved(self, m: float, c: float) -> Stub:
        return Stub([(a + m, b + c) for a, b in self.points], self.leaf)


class Placed:
    """A part, or several, laid out: 0 to `length` along, `low` (negative) to `high` across, with the axis at 0."""

    def __init__(self, length: float, low: float, high: float) -> None:
        self.length = length
        self.low = low
        self.high = high
        self.blocks: list[Block] = []
        self.borders: list[Border] = []
        self.lines: list[Line] = []
        self.fork = False
        """Branches, so that lines spread before it and come together behind."""
        self.through = False
        """Nothing stands on its axis: a wire may pass along it."""

    def lead(self, end: End) -> Stub | None:
        """From its start to what takes `end`; None where the way in is at the side."""
        return None

    def tail(self, end: End) -> Stub | None:
        """From what makes `end` to its own end; None where the way out is at the side."""
        return None

    def side_in(self, end: End) -> Stub | None:
        """From its high side to what takes `end`; None where the way in is at the start."""
        return None

    def side_out(self, end: End) -> Stub | None:
        """From what makes `end` to its high side."""
        return None

    def add(self, other: Placed, m: float, c: float) -> None:
        """Take over what another holds, moved to its place."""
        for block in other.blocks:
            block.m += m
            block.c += c
            block.ports = [(a + c, b + c, text) for a, b, text in block.ports]
        for border in other.borders:
            border.m0 += m
            border.m1 += m
            border.c0 += c
            border.c1 += c
        for line in other.lines:
            line.points = [(a + m, b + c) for a, b in line.points]
            if line.text:
                line.text = (line.text[0] + m, line.text[1] + c, line.text[2])
        self.blocks += other.blocks
        self.borders += other.borders
        self.lines += other.lines
