"""A network whose skips nest is drawn as a U: down on the left, up on the right, each skip straight across.

a -> b -> c -> d(b) -> e(a)     ->     a --> e
                                        b --> d
                                          c
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from archdsl.draw.enclose import enclose, members
from archdsl.draw.layout.arrange import arrange
from archdsl.draw.layout.boxes import Framed
from archdsl.draw.layout.placed import Line, Placed, Stub
from archdsl.draw.layout.sequence import joined
from archdsl.draw.parts import End, Frame, Wire

if TYPE_CHECKING:
    from archdsl.draw.layout.build import Builder

LEAST = 2
"""Skips that make a U."""
CORRIDOR = 70
"""Between the two sides."""
BELOW = 34
"""From the sides to what lies under them."""

SLENDER = 3.4
"""How much longer than wide it may be."""
TURN = 8
"""How far behind the left side the innermost skip leaves, at least."""

Skip = tuple[int, int]
"""The numbers of the parts that a skip joins."""


def skips(frame: Frame) -> list[Skip]:
    """The skips of a U, the longest first; [] where some cross each other, or part where they begin alike."""
    number = {id(member): i for i, part in enumerate(frame.parts) for member in members(part)}
    found: set[Skip] = set()
    for wire in frame.wires:
        if wire.source.part is None or wire.target.part is None:
            continue
        start, end = number[id(wire.source.part)], number[id(wire.target.part)]
        if end > start + 1:
            found.add((start, end))
    ordered = sorted(found)
    nested = all(a[0] < b[0] and b[1] < a[1] for a, b in pairwise(ordered))
    return ordered if nested and len(ordered) >= LEAST and ordered[-1][1] - ordered[-1][0] > 1 else []


def u_shape(root: Frame, builder: Builder, wide: float) -> Placed | None:
    """The layout of a network that is a U; None where it isn't. It stands upright, whatever the direction."""
    arrange(root)
    found = skips(root)
    if not found:
        return None
    builder.upright = True
    parts = root.parts
    down, up = parts[: found[-1][0] + 1], parts[found[-1][1] :]
    under = parts[found[-1][0] + 1 : found[-1][1]]
    sides = [enclose(root, some, "branch", "") for some in (down, under, up)]
    _main_first(root, *sides)
    return U(root, sides, found, builder, wide)


def _main_first(root: Frame, down: Frame, under: Frame, up: Frame) -> None:
    """Let result 0 of the left side, and input 0 of the right, be those that run through what lies between."""
    for side, outer in ((down, under), (under, up)):
        flow = next(wire for wire in root.wires if wire.source.part is side and wire.target.part is outer)
        index = flow.source.index
        _swap([w.source for w in root.wires if w.source.part is side], index)
        _swap([w.target for w in side.wires if w.target.part is None], index)
    flow = next(wire for wire in root.wires if wire.source.part is under and wire.target.part is up)
    index = flow.target.index
    _swap([w.target for w in root.wires if w.target.part is up], index)
    _swap([w.source for w in up.wires if w.source.part is None], index)


def _swap(ends: list[End], index: int) -> None:
    """Number `index` becomes 0, and 0 gets its number. One end may be shared by several wires."""
    for end in {id(end): end for end in ends}.values():
        if end.index in (0, index):
            end.index = index if end.index == 0 else 0


class U(Placed):
    """Two sides, and what lies under them."""

    def __init__(self, root: Frame, sides: list[Frame], found: list[Skip], builder: Builder, wide: float) -> None:
        down, under, up = sides
        first_up = found[-1][1]
        left, right = builder.framed(down, wide), builder.framed(up, wide)
        before, behind = _level(root, left, right, found, first_up)
        left, right = builder.framed(down, wide, before), builder.framed(up, wide, behind)
        middle = builder.framed(under, wide)
        length = max(left.length, right.length) + BELOW + middle.length
        corridor = max(CORRIDOR, length / SLENDER - (left.high - left.low + right.high - right.low))
        far = left.high + corridor + right.high
        low = max(left.length, right.length) + BELOW
        super().__init__(low + middle.length + BELOW / 2, left.low, far - right.low)
        turned = _Turned(right, far)
        self._skips(root, left, turned)
        self._under(root, left, middle, turned, low, far / 2)
        self.add(left, 0, 0)
        self.add(middle, low, far / 2)
        turned.turn()
        self.add(right, 0, 0)

    def _skips(self, root: Frame, left: Framed, right: _Turned) -> None:
        for wire in root.wires:
            if wire.source.part is left.frame and wire.target.part is right.frame:
                into = right.side_in(wire.target)
                out = left.side_out(wire.source) or (into and _off_the_tail(left, wire.source, into))
                if out is not None and into is not None:
                    self._keep(root, wire, out, into)

    def _under(self, root: Frame, left: Framed, middle: Framed, right: _Turned, low: float, c: float) -> None:
        """Into what lies under the sides, and out of it."""
        for wire in root.wires:
            if wire.source.part is left.frame and wire.target.part is middle.frame:
                out, into = left.tail(wire.source), middle.lead(wire.target)
                if out and into:
                    turn = low - BELOW / 2
                    way = [(turn, out.points[-1][1]), (turn, c)]
                    self._keep(root, wire, Stub(joined(out.points, way), out.leaf), into.moved(low, c))
            elif wire.source.part is middle.frame and wire.target.part is right.frame:
                out, into = middle.tail(wire.source), right.lead(wire.target)
                if out and into:
                    turn = low + middle.length + BELOW / 2 - 8
                    out = out.moved(low, c)
                    way = [(turn, c), (turn, into.points[0][1])]
                    self._keep(root, wire, Stub(joined(out.points, way), out.leaf), into)

    def _keep(self, root: Frame, wire: Wire, out: Stub, into: Stub) -> None:
        self.lines.append(Line(root, wire, joined(out.points, into.points), into.leaf))


def _off_the_tail(left: Framed, source: End, into: Stub) -> Stub | None:
    """The innermost skip leaves the line that leads to what lies under the sides."""
    tail = left.tail(source)
    return tail and Stub([(into.points[0][0], tail.points[-1][1])], tail.leaf)


class _Turned:
    """A side turned upside down, so that it runs upwards, with its skips at the left."""

    def __init__(self, placed: Framed, c: float) -> None:
        self.frame = placed.frame
        self.placed = placed
        self.c = c

    def spot(self, spot: tuple[float, float]) -> tuple[float, float]:
        return self.placed.length - spot[0], self.c - spot[1]

    def side_in(self, end: End) -> Stub | None:
        stub = self.placed.side_in(end)
        return stub and Stub(list(map(self.spot, stub.points)), stub.leaf)

    def lead(self, end: End) -> Stub | None:
        stub = self.placed.lead(end)
        return stub and Stub(list(map(self.spot, stub.points)), stub.leaf)

    def turn(self) -> None:
        """Turn everything in it."""
        for block in self.placed.blocks:
            block.m, block.c = self.spot((block.m, block.c))
            block.ports = [(self.c - b, self.c - a, text) for a, b, text in block.ports]
            block.field = -block.field
        for border in self.placed.borders:
            (border.m1, border.c1), (border.m0, border.c0) = (
                self.spot((border.m0, border.c0)),
                self.spot((border.m1, border.c1)),
            )
            border.turned = True
        for line in self.placed.lines:
            line.points = list(map(self.spot, line.points))
            if line.text:
                line.text = (*self.spot(line.text[:2]), line.text[2])


def _level(
    root: Frame, left: Framed, right: Framed, found: list[Skip], first_up: int
) -> tuple[dict[int, float], dict[int, float]]:
    """Room to add before parts of each side, by their numbers, so that both ends of every skip lie level."""
    before: dict[int, float] = {}
    behind: dict[int, float] = {}
    shift_left = shift_right = 0.0
    ways = [w for w in root.wires if w.source.part is left.frame and w.target.part is right.frame]
    heights: list[tuple[float, float]] = []
    inner = 0.0
    for wire in ways:
        out, into = left.side_out(wire.source), right.side_in(wire.target)
        if out is not None and into is not None:
            heights.append((out.points[-1][0], right.length - into.points[0][0]))
        elif into is not None:
            inner = right.length - into.points[0][0]
    for (start, end), (a, b) in zip(found, sorted(heights)):
        a, b = a + shift_left, b + shift_right
        if a < b:
            before[start] = b - a
            shift_left += b - a
        else:
            behind[end - first_up + 1] = a - b
            shift_right += a - b
    short = left.length + shift_left + TURN - inner - shift_right
    if inner and short > 0:
        behind[found[-1][1] - first_up + 1] = behind.get(found[-1][1] - first_up + 1, 0) + short
    return before, behind
