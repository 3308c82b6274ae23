"""The layout of a frame, from the inside out."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.draw import fonts
from archdsl.draw.layout import measure
from archdsl.draw.layout.arrange import arrange
from archdsl.draw.layout.boxes import Bar, Framed, Side, Single
from archdsl.draw.layout.lanes import Lanes
from archdsl.draw.layout.placed import Placed
from archdsl.draw.layout.sequence import Room, Sequence
from archdsl.draw.layout.u import u_shape
from archdsl.draw.layout.wrap import Columns, Wrap, columns, merge_pieces
from archdsl.draw.parts import Fork, Frame, Leaf, Part

NO_EXTRA: Mapping[int, float] = {}


class Builder:
    """Lays out the frames of one figure. upright: the flow runs down the page; else to the right."""

    def __init__(self, upright: bool) -> None:
        self.upright = upright
        self.lengths: dict[int, float] = {}

    def whole(self, root: Frame) -> Placed:
        """The figure, in columns where it is too long for a page."""
        wide = measure.widest(root)
        if (shape := u_shape(root, self, wide)) is not None:
            return shape
        placed = self.sequence(root, wide)
        number = columns(placed)
        if number == 1 or not (broken := Wrap(self.lengths).run(root, number)):
            return placed
        for column in broken:
            merge_pieces(column)
        return Columns(root, [self.framed(column, wide) for column in broken])

    def sequence(self, frame: Frame, wide: float, extra: Mapping[int, float] = NO_EXTRA) -> Sequence:
        """The parts of a frame. wide: the width of boxes on its axis. extra: room to add before parts, by number."""
        arrange(frame)
        rows = [self.part(part, wide) for part in frame.parts]
        self.lengths.update((id(part), row.length) for part, row in zip(frame.parts, rows))
        row_of: dict[int, int] = {}
        for i, part in enumerate(frame.parts):
            row_of[id(part)] = i
            if isinstance(part, Fork):
                row_of.update((id(branch), i) for branch in part.branches)
        for i, part in enumerate(frame.parts):
            if isinstance(part, Leaf) and part.kind == "bar" and i and isinstance(frame.parts[i - 1], Fork):
                rows[i] = self.bar(frame, part, rows[i - 1], row_of, i - 1) or rows[i]
        along, across = self.texts(frame, self.upright), self.texts(frame, not self.upright)
        return Sequence(frame, rows, row_of, Room(along, across, extra))

    def bar(self, frame: Frame, leaf: Leaf, fork: Placed, row_of: dict[int, int], row: int) -> Placed | None:
        """A bar with fields, where several branches end in it."""
        operands: list[tuple[int, float, str]] = []
        for wire in frame.into(leaf):
            if (
                wire.source.part is not None
                and row_of[id(wire.source.part)] == row
                and (tail := fork.tail(wire.source))
            ):
                shape = wire.shape
                text = str(shape.dims[shape.channels]) if shape and shape.channels is not None else ""
                operands.append((wire.target.index, tail.points[-1][1], text))
        return Bar(leaf, operands, self.upright) if len({place for _, place, _ in operands}) > 1 else None

    def texts(self, frame: Frame, high: bool) -> dict[int, float]:
        """How much room the texts beside wires need: their height, or their width."""
        long = measure.SMALL + 14
        return {
            id(wire): long if high else fonts.width(wire.text, measure.SMALL) + 16 for wire in frame.wires if wire.text
        }

    def part(self, part: Part, wide: float) -> Placed:
        if isinstance(part, Fork):
            own = [measure.widest(branch) for branch in part.branches]
            if part.axis is not None:
                own[part.axis] = wide
            return Side([self.framed(branch, each) for branch, each in zip(part.branches, own)], part.axis)
        if isinstance(part, Frame):
            return Lanes(part, self, wide) if part.kind == "split" else self.framed(part, wide)
        assert isinstance(part, Leaf)
        return self.single(part, wide)

    def framed(self, frame: Frame, wide: float, extra: Mapping[int, float] = NO_EXTRA) -> Framed:
        return Framed(frame, self.sequence(frame, wide, extra), self.upright)

    def single(self, leaf: Leaf, wide: float) -> Single:
        width, height = measure.room(leaf)
        if leaf.kind != "sign" and self.upright:
            width = max(wide, width)
        return Single(leaf, height, width) if self.upright else Single(leaf, width, height)
