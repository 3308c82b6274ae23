"""A long figure in columns, as a page has room for it.

a -> b -> [c -> d -> e] -> f     ->     a -> b -> [c -> d]
                                        -> [e] -> f
"""

from __future__ import annotations

from math import ceil, sqrt

from archdsl.draw.enclose import dissolve, enclose, members
from archdsl.draw.layout.boxes import Framed
from archdsl.draw.layout.placed import Line, Placed
from archdsl.draw.layout.sequence import joined
from archdsl.draw.parts import Frame, Part, Wire

TALL = 1000
"""Points along the axis that a page has room for, at a size that can be read ..."""
SLENDER = 2.0
"""... if they are more than so many times the width."""
LONG = 2200
"""A figure that is longer will be a poster anyway: it gets the form of one."""
RATIO = 3.9
"""No figure is longer than so many times its width, if it can be broken."""
WIDE = 2.0
"""What is broken is then at most about so many times as long as wide."""
ASPECT = 1.3
"""Of a page: how much longer than wide it is."""
CORRIDOR = 36
"""Between columns."""
TURN = 12
"""How far a line runs on behind a column, and how far before the next it comes in."""
GAP = 24
"""What two parts are apart, roughly."""
FRAME = 34
"""What a frame adds to the length of what is in it, roughly."""


def columns(placed: Placed) -> int:
    """How many columns a figure needs: 1 where it is fine as it is."""
    breadth = placed.high - placed.low
    ratio = placed.length / max(breadth, 1)
    if ratio <= RATIO and (placed.length <= TALL or ratio <= SLENDER):
        return 1
    if placed.length <= LONG:
        return max(2, ceil(placed.length / TALL), ceil(sqrt(placed.length / (WIDE * (breadth + CORRIDOR)))))
    return max(2, round(sqrt(placed.length / (ASPECT * (breadth + CORRIDOR)))))


class Wrap:
    """Breaks the parts of a network into columns. `lengths` are those of its parts, by identity."""

    def __init__(self, lengths: dict[int, float]) -> None:
        self.lengths = lengths

    def run(self, root: Frame, number: int) -> list[Frame]:
        """Put the parts of the root into `number` frames without a border, or as many as can be."""
        whole = sum(self._length(part) + GAP for part in root.parts)
        groups = self._unbroken(root, whole, number)
        if not groups:
            limit = whole / number * 1.06
            self._split_tall(root, limit)
            groups = self._groups(root, limit)
        if len(groups) == 1:
            return []
        return [enclose(root, group, "branch", "") for group in groups]

    def _unbroken(self, root: Frame, whole: float, number: int) -> list[list[Part]]:
        """Columns that break no frame, if there are some of about the same length; else none."""
        for more in (0, 1):
            groups = self._groups(root, whole / (number + more) * 1.1)
            longest = max(sum(self._length(part) + GAP for part in group) for group in groups)
            if len(groups) <= number + 1 and longest <= whole / number * 1.3:
                return groups
        return []

    def _length(self, part: Part) -> float:
        return self.lengths.get(id(part), 0.0)

    def _split_tall(self, frame: Frame, limit: float) -> None:
        """Make several frames of each that is too tall for what is left of a column."""
        for part in list(frame.parts):
            if isinstance(part, Frame) and part.repeat == 1 and part.kind != "split" and self._length(part) > limit / 4:
                self._split(frame, part, limit)

    def _split(self, outer: Frame, part: Frame, limit: float) -> None:
        self._split_tall(part, limit)
        pieces = self._groups(part, limit / 4)
        if len(pieces) == 1:
            return
        title, path, node = part.title, part.path, part.node
        dissolve(outer, part)
        for i, piece in enumerate(pieces):
            made = enclose(outer, piece, part.kind, title)
            made.path = path if i == 0 else (*path, f"part {i + 1}")
            made.node = node
            made.piece = part
            self.lengths[id(made)] = sum(self._length(one) + GAP for one in piece) + FRAME - GAP

    def _groups(self, frame: Frame, limit: float) -> list[list[Part]]:
        """The parts in runs of about a length, broken where nothing but the flow goes on."""
        breaks = self._breaks(frame)
        groups: list[list[Part]] = [[]]
        length = 0.0
        for i, part in enumerate(frame.parts):
            own = self._length(part) + GAP
            if groups[-1] and i in breaks and length + own > limit:
                groups.append([])
                length = 0.0
            groups[-1].append(part)
            length += own
        return groups

    def _breaks(self, frame: Frame) -> set[int]:
        """The numbers of parts before which only one value goes from part to part."""
        number = {id(member): i for i, part in enumerate(frame.parts) for member in members(part)}
        crossing: list[set[object]] = [set() for _ in range(len(frame.parts) + 1)]
        good = [False] * (len(frame.parts) + 1)
        for wire in frame.wires:
            start = -1 if wire.source.part is None else number[id(wire.source.part)]
            end = len(frame.parts) if wire.target.part is None else number[id(wire.target.part)]
            for i in range(start + 1, end + 1):
                crossing[i].add(wire.source)
            if end - start == 1:
                good[end] = True
        return {i for i in range(1, len(frame.parts)) if len(crossing[i]) == 1 and good[i]}


def merge_pieces(frame: Frame) -> None:
    """Pieces of one frame that came to stand in one column are one again."""
    for part in list(frame.parts):
        at = frame.parts.index(part) if part in frame.parts else -1
        if at <= 0 or not isinstance(part, Frame) or part.piece is None:
            continue
        before = frame.parts[at - 1]
        if isinstance(before, Frame) and before.piece is part.piece:
            parts = [*before.parts, *part.parts]
            path, node, piece, title, kind = before.path, before.node, before.piece, before.title, before.kind
            dissolve(frame, before)
            dissolve(frame, part)
            made = enclose(frame, parts, kind, title)
            made.path, made.node, made.piece = path, node, piece
            merge_pieces(made)


class Columns(Placed):
    """Columns side by side, each going on at the start of the next."""

    def __init__(self, frame: Frame, columns: list[Framed]) -> None:
        starts: list[float] = []
        c = 0.0
        for column in columns:
            starts.append(c - column.low)
            c += column.high - column.low + CORRIDOR
        super().__init__(max(column.length for column in columns) + 3 * TURN, 0, c - CORRIDOR)
        lead = 2 * TURN
        for i, (column, start) in enumerate(zip(columns, starts)):
            if i:
                self._join(frame, columns[i - 1], starts[i - 1], column, start, lead)
        for column, start in zip(columns, starts):
            self.add(column, lead, start)

    def _join(self, frame: Frame, before: Framed, c0: float, behind: Framed, c1: float, lead: float) -> None:
        """Draw the wire from one column to the next: on, across, back along the corridor, and in."""
        wire: Wire = next(w for w in frame.wires if w.source.part is before.frame and w.target.part is behind.frame)
        tail, entry = before.tail(wire.source), behind.lead(wire.target)
        if tail is None or entry is None:
            return
        out, into = tail.moved(lead, c0).points, entry.moved(lead, c1).points
        corridor = c0 + before.high + CORRIDOR / 2
        end, start = lead + before.length + TURN, lead - 2 * TURN + 4
        way = [(end, out[-1][1]), (end, corridor), (start, corridor), (start, into[0][1])]
        line = Line(frame, wire, joined(out, way, into), entry.leaf)
        if wire.text:
            line.text = (lead - 7, into[0][1], wire.text)
        self.lines.append(line)
