"""One part laid out: a box, a frame around a sequence, branches side by side."""

from __future__ import annotations

from itertools import pairwise

from archdsl.draw.fonts import width
from archdsl.draw.layout import measure
from archdsl.draw.layout.placed import Block, Border, Placed, Stub
from archdsl.draw.layout.sequence import Sequence
from archdsl.draw.parts import End, Frame, Leaf

PAD = 9
"""Between a frame and what is in it."""
TITLE = 13
"""Height of a frame's title."""
APART = 16
"""Between branches."""


class Single(Placed):
    """A box."""

    def __init__(self, leaf: Leaf, length: float, breadth: float) -> None:
        super().__init__(length, -breadth / 2, breadth / 2)
        self.leaf = leaf
        self.blocks.append(Block(leaf, length / 2, 0, length, breadth))
        self.both = False
        """Lines leave and arrive at its side: not in the same place."""

    def lead(self, end: End) -> Stub | None:
        return Stub([(0, 0)], self.leaf)

    def tail(self, end: End) -> Stub | None:
        return Stub([(self.length, 0)], self.leaf)

    def side_in(self, end: End) -> Stub | None:
        return Stub([(self.length * (0.3 if self.both else 0.5), self.high)], self.leaf)

    def side_out(self, end: End) -> Stub | None:
        return Stub([(self.length * (0.7 if self.both else 0.5), self.high)], self.leaf)


class Bar(Placed):
    """What branches come together in, with a field for each of them at its end: for a concatenation."""

    def __init__(self, leaf: Leaf, operands: list[tuple[int, float, str]], upright: bool) -> None:
        """operands: of each wire from a branch, its number, where it arrives, and what its field says."""
        operands = sorted(operands, key=lambda operand: operand[1])
        places = [place for _, place, _ in operands]
        edges = [(a + b) / 2 for a, b in pairwise(places)]
        half = max(measure.SIZE * 2, *(width(text, measure.SMALL) / 2 + 4 for _, _, text in operands))
        edges = [min(places[0] - half, edges[0] - half), *edges, max(places[-1] + half, edges[-1] + half)]
        field = measure.PORT if upright else 2 * half
        length = field + (measure.LINE - 2 if upright else measure.room(leaf)[0])
        super().__init__(length, edges[0], edges[-1])
        self.leaf = leaf
        self.places = {index: place for index, place, _ in operands}
        block = Block(leaf, length / 2, (edges[0] + edges[-1]) / 2, length, edges[-1] - edges[0])
        block.ports = [(a, b, text) for a, b, (_, _, text) in zip(edges, edges[1:], operands)]
        block.field = field
        self.blocks.append(block)

    def lead(self, end: End) -> Stub | None:
        return Stub([(0, self.places[end.index])], self.leaf) if end.index in self.places else None

    def tail(self, end: End) -> Stub | None:
        return Stub([(self.length, 0)], self.leaf)

    def side_in(self, end: End) -> Stub | None:
        return None if end.index in self.places else Stub([(self.length * 0.7, self.high)], self.leaf)


class Framed(Placed):
    """A sequence with a border and a title, or, as a branch, without."""

    def __init__(self, frame: Frame, inner: Sequence, upright: bool) -> None:
        """upright: the main axis runs down, so that the title stands before the contents, not beside them."""
        self.frame = frame
        self.inner = inner
        bare = frame.kind == "branch"
        pad = 0 if bare else PAD
        title = TITLE if not bare and (frame.title or frame.repeat > 1) else 0
        before, above = (pad + title, pad) if upright else (pad, pad + title)
        super().__init__(before + inner.length + pad, inner.low - above, inner.high + pad)
        self._widen(upright)
        self.before = before
        self.add(inner, before, 0)
        if not bare:
            self.borders.append(Border(frame, 0, self.length, self.low, self.high))
        self.through = bare and not frame.parts

    def _widen(self, upright: bool) -> None:
        """Make room for the title, beside the line that enters."""
        name = width(self.frame.title, measure.SMALL, bold=True)
        count = width(measure.count(self.frame).strip(), measure.SMALL, bold=True)
        if upright:
            self.low = min(self.low, -(name + 2 * PAD)) if name else self.low
            self.high = max(self.high, count + 2 * PAD) if count else self.high
        else:
            self.length = max(self.length, name + count + 3 * PAD)

    def lead(self, end: End) -> Stub | None:
        stub = self.inner.lead_of(end.index)
        return stub and Stub([(0, 0), *stub.moved(self.before, 0).points], stub.leaf)

    def tail(self, end: End) -> Stub | None:
        stub = self.inner.tail_of(end.index)
        return stub and Stub([*stub.moved(self.before, 0).points, (self.length, 0)], stub.leaf)

    def side_in(self, end: End) -> Stub | None:
        stub = self.inner.side_in_of(end.index)
        if stub is None:
            return None
        moved = stub.moved(self.before, 0).points
        return Stub([(moved[0][0], self.high), *moved], stub.leaf)

    def side_out(self, end: End) -> Stub | None:
        stub = self.inner.side_out_of(end.index)
        if stub is None:
            return None
        moved = stub.moved(self.before, 0).points
        return Stub([*moved, (moved[-1][0], self.high)], stub.leaf)


class Side(Placed):
    """Branches side by side."""

    def __init__(self, branches: list[Framed], axis: int | None) -> None:
        offsets: list[float] = []
        c = 0.0
        for branch in branches:
            offsets.append(c - branch.low)
            c += branch.high - branch.low + APART
        across = c - APART
        shift = -across / 2 if axis is None else -offsets[axis]
        self.offsets = {id(branch.frame): offset + shift for branch, offset in zip(branches, offsets)}
        self.branches = {id(branch.frame): branch for branch in branches}
        super().__init__(max(branch.length for branch in branches), shift, shift + across)
        self.fork = True
        self.through = axis is not None and branches[axis].through
        for branch in branches:
            self.add(branch, 0, self.offsets[id(branch.frame)])

    def lead(self, end: End) -> Stub | None:
        stub = self.branches[id(end.part)].lead(end)
        return stub and stub.moved(0, self.offsets[id(end.part)])

    def tail(self, end: End) -> Stub | None:
        stub = self.branches[id(end.part)].tail(end)
        if stub is None:
            return None
        points = stub.moved(0, self.offsets[id(end.part)]).points
        return Stub([*points, (self.length, points[-1][1])], stub.leaf)
