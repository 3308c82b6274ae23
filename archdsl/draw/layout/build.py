"""The layout of a frame, from the inside out."""

from __future__ import annotations

from archdsl.draw.layout import measure
from archdsl.draw.layout.arrange import Fork, arrange
from archdsl.draw.layout.boxes import Framed, Side, Single
from archdsl.draw.layout.placed import Placed
from archdsl.draw.layout.sequence import Sequence
from archdsl.draw.parts import Frame, Leaf, Part


class Builder:
    """Lays out the frames of one figure. upright: the flow runs down the page; else to the right."""

    def __init__(self, upright: bool) -> None:
        self.upright = upright

    def sequence(self, frame: Frame, wide: float) -> Sequence:
        """The parts of a frame. wide: the width of boxes on its axis."""
        arrange(frame)
        rows = [self.part(part, wide) for part in frame.parts]
        row_of: dict[int, int] = {}
        for i, part in enumerate(frame.parts):
            row_of[id(part)] = i
            if isinstance(part, Fork):
                row_of.update((id(branch), i) for branch in part.branches)
        return Sequence(frame, rows, row_of, frame.wires, {})

    def part(self, part: Part, wide: float) -> Placed:
        if isinstance(part, Fork):
            own = [measure.widest(branch) for branch in part.branches]
            if part.axis is not None:
                own[part.axis] = wide
            return Side([self.framed(branch, each) for branch, each in zip(part.branches, own)], part.axis)
        if isinstance(part, Frame):
            return self.framed(part, wide)
        assert isinstance(part, Leaf)
        return self.single(part, wide)

    def framed(self, frame: Frame, wide: float) -> Framed:
        return Framed(frame, self.sequence(frame, wide), self.upright)

    def single(self, leaf: Leaf, wide: float) -> Single:
        width, height = measure.room(leaf)
        if leaf.kind != "sign" and self.upright:
            width = wide
        return Single(leaf, height, width) if self.upright else Single(leaf, width, height)
