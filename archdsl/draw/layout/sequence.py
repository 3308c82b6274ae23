"""Rows one behind the other on a straight axis; wires that pass rows run in lanes at the high side.

A *gap* is the room between two rows: gap 0 lies before the first, gap n behind the last. A wire from a row to the next
crosses one straight. Any other leaves a box at its side, or a frame through the gap behind it, runs in a lane, and
comes back at a side or through the gap before.
"""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.draw.layout.placed import Line, Placed, Spot, Stub
from archdsl.draw.parts import End, Frame, Leaf, Part, Wire
from archdsl.record import Record

GAP = 16
"""Between rows that a straight line joins."""
FAN = 34
"""Between rows where lines spread or come together."""
SLOT = 8
"""Between two lines that run across in one gap."""
LANE = 11
"""Between two lanes."""


class Rail:
    """All wires from one end that run at the side: they share a lane."""

    def __init__(self, source: End, row: int) -> None:
        self.source = source
        self.row = row
        self.wires: list[tuple[Wire, int]] = []
        """With the row that each goes to; the number of rows for the frame's results."""
        self.lane = 0.0

    @property
    def key(self) -> tuple[int, int]:
        return self.row, max(row for _, row in self.wires)


class Room(Record):
    """What is kept free beside rows: for a wire's text along the axis and across it, by the wire's identity; and before
    rows, by their number."""

    along: Mapping[int, float]
    across: Mapping[int, float]
    before: Mapping[int, float]


class Sequence(Placed):
    """Laid out rows of one frame. Inputs and results of number 0 lie on the axis, others at the high side."""

    def __init__(self, frame: Frame, rows: list[Placed], row_of: dict[int, int], room: Room) -> None:
        """row_of: the row of each part, by its identity."""
        super().__init__(0, 0, 0)
        self.frame = frame
        self.rows = rows
        self.row_of = row_of
        self.straight: list[Wire] = []
        self.rails: dict[End, Rail] = {}
        self.starts: list[float] = []
        self.gaps: list[float] = []
        self.rooms: list[float] = []
        self.slots: dict[tuple[int, str, int], float] = {}
        self._leads: dict[int, Stub] = {}
        self._tails: dict[int, Stub] = {}
        self._sides_in: dict[int, Stub] = {}
        self._sides_out: dict[int, Stub] = {}
        self._sort(frame.wires)
        self._stack(room)
        self._assign_lanes(room.across)
        self._draw_straight()
        self._draw_rails()
        for row, start in zip(rows, self.starts):
            self.add(row, start, 0)

    # Which wires go straight.

    def _number(self, part: Part | None, outside: int) -> int:
        return outside if part is None else self.row_of[id(part)]

    def _sort(self, wires: list[Wire]) -> None:
        for wire in wires:
            source = self._number(wire.source.part, -1)
            target = self._number(wire.target.part, len(self.rows))
            if self._is_straight(wire, source, target):
                self.straight.append(wire)
            else:
                rail = self.rails.setdefault(wire.source, Rail(wire.source, source))
                rail.wires.append((wire, target))

    def _is_straight(self, wire: Wire, source: int, target: int) -> bool:
        if source >= target or not all(self.rows[i].through for i in range(source + 1, target)):
            return False
        if wire.kind in ("skip", "project") and target - source > 0 and not self._branches(source, target):
            return False
        leaves = wire.source.index == 0 if wire.source.part is None else self.rows[source].tail(wire.source) is not None
        arrives = (
            wire.target.index == 0 if wire.target.part is None else self.rows[target].lead(wire.target) is not None
        )
        return leaves and arrives

    def _branches(self, source: int, target: int) -> bool:
        """Whether one of two rows is a fork, so that lines spread anyway."""
        return any(0 <= i < len(self.rows) and self.rows[i].fork for i in (source, target))

    # Where rows begin, and what runs across in the gaps.

    def _stack(self, needed: Room) -> None:
        texts = [0.0] * (len(self.rows) + 1)
        for wire in self.straight:
            gap = self._gap_of(wire)
            texts[gap] = max(texts[gap], needed.along.get(id(wire), 0))
        outs: list[list[Rail]] = [[] for _ in range(len(self.rows) + 1)]
        ins: list[list[Rail]] = [[] for _ in range(len(self.rows) + 1)]
        for rail in self.rails.values():
            if self._starts_in_gap(rail.source):
                outs[rail.row + 1].append(rail)
            for gap in {row for wire, row in rail.wires if self._ends_in_gap(wire.target, row)}:
                ins[gap].append(rail)
        m = 0.0
        for i in range(len(self.rows) + 1):
            fan = (i > 0 and self.rows[i - 1].fork) or (i < len(self.rows) and self.rows[i].fork)
            least = FAN if fan else GAP if 0 < i < len(self.rows) else 0.0
            across = len(outs[i]) + len(ins[i])
            room = max(least, texts[i], GAP - 4 if across else 0) + SLOT * across + needed.before.get(i, 0)
            if across and texts[i]:
                room += 4
            for n, rail in enumerate(sorted(outs[i], key=lambda rail: -rail.key[1])):
                self.slots[id(rail), "out", i] = m + 5 + SLOT * n
            for n, rail in enumerate(sorted(ins[i], key=lambda rail: rail.row)):
                self.slots[id(rail), "in", i] = m + room - 9 - SLOT * n
            self.gaps.append(m)
            self.rooms.append(room)
            m += room
            if i < len(self.rows):
                self.starts.append(m)
                m += self.rows[i].length
        self.length = m
        self.low = min((row.low for row in self.rows), default=0)
        self.high = max((row.high for row in self.rows), default=0)

    def _gap_of(self, wire: Wire) -> int:
        return self._number(wire.target.part, len(self.rows))

    def _starts_in_gap(self, end: End) -> bool:
        if end.part is None:
            return end.index == 0
        row = self.rows[self.row_of[id(end.part)]]
        return row.tail(end) is not None and row.side_out(end) is None

    def _ends_in_gap(self, end: End, row: int) -> bool:
        if end.part is None:
            return end.index == 0
        return self.rows[row].side_in(end) is None

    # Lanes: the shortest rail nearest to the rows.

    def _assign_lanes(self, texts: Mapping[int, float]) -> None:
        done: list[tuple[float, float, float]] = []
        for rail in sorted(self.rails.values(), key=lambda rail: (rail.key[1] - rail.key[0], rail.row)):
            if self._needs_no_lane(rail):
                continue
            first, last = self._reach(rail)
            beside = [
                row.high
                for row, start in zip(self.rows, self.starts)
                if start < last + SLOT and start + row.length > first - SLOT
            ]
            others = [lane for m0, m1, lane in done if m0 < last + SLOT and m1 > first - SLOT]
            rail.lane = max([*beside, *others], default=0) + LANE
            text = max((texts.get(id(wire), 0) for wire, _ in rail.wires), default=0)
            done.append((first, last, rail.lane + text))
            self.high = max(self.high, rail.lane + text)

    def _needs_no_lane(self, rail: Rail) -> bool:
        """A value from the side that one step takes at its own side."""
        return rail.row == -1 and rail.source.index > 0 and len(rail.wires) == 1

    def _reach(self, rail: Rail) -> tuple[float, float]:
        ends = [self._arrival(rail, wire, row) for wire, row in rail.wires]
        start = self._departure(rail)
        return min([start, *ends]), max([start, *ends])

    def _departure(self, rail: Rail) -> float:
        if (slot := self.slots.get((id(rail), "out", rail.row + 1))) is not None:
            return slot
        if rail.row == -1:
            return self._arrival(rail, *rail.wires[0])
        stub = self.rows[rail.row].side_out(rail.source)
        assert stub is not None
        return self.starts[rail.row] + stub.points[-1][0]

    def _arrival(self, rail: Rail, wire: Wire, row: int) -> float:
        if (slot := self.slots.get((id(rail), "in", row))) is not None and self._ends_in_gap(wire.target, row):
            return slot
        if wire.target.part is None:
            return self._departure(rail)
        stub = self.rows[row].side_in(wire.target)
        assert stub is not None
        return self.starts[row] + stub.points[0][0]

    # The lines.

    def _leaf_of(self, stub: Stub) -> Leaf:
        return stub.leaf

    def _lead(self, end: End, row: int) -> Stub:
        """The way from a gap to what takes a value."""
        stub = self.rows[row].lead(end)
        assert stub is not None
        return stub.moved(self.starts[row], 0)

    def _tail(self, end: End) -> Stub:
        row = self.row_of[id(end.part)]
        stub = self.rows[row].tail(end)
        assert stub is not None
        return stub.moved(self.starts[row], 0)

    def _draw_straight(self) -> None:
        for wire in self.straight:
            source, target = wire.source, wire.target
            row = self._number(target.part, len(self.rows))
            if source.part is None and target.part is None:
                continue
            if source.part is None:
                lead = self._lead(target, row)
                if source.index in self._leads:
                    self.lines.append(Line(self.frame, wire, [(0, 0), *lead.points], lead.leaf))
                else:
                    self._leads[source.index] = Stub(joined([(0, 0)], lead.points), lead.leaf)
            elif target.part is None:
                tail = self._tail(source)
                self._tails[target.index] = Stub(joined(tail.points, [(self.length, 0)]), tail.leaf)
            else:
                tail, lead = self._tail(source), self._lead(target, row)
                line = Line(self.frame, wire, joined(tail.points, lead.points), lead.leaf)
                if wire.text:
                    line.text = (self.gaps[row] + self.rooms[row] / 2, lead.points[0][1], wire.text)
                self.lines.append(line)

    def _draw_rails(self) -> None:
        for rail in self.rails.values():
            started = any(wire.source == rail.source for wire in self.straight)
            for wire, row in rail.wires:
                self._draw_rail(rail, wire, row, started)
                started = True

    def _draw_rail(self, rail: Rail, wire: Wire, row: int, started: bool) -> None:
        begin, leaf = self._begin(rail, started)
        target = wire.target
        arrival = self._arrival(rail, wire, row)
        inner: list[Spot] = []
        goal: Leaf | None = None
        if target.part is None:
            inner += [(arrival, 0.0), (self.length, 0.0)] if target.index == 0 else [(arrival, self.high)]
        elif self._ends_in_gap(target, row):
            lead = self._lead(target, row)
            inner, goal = [(arrival, lead.points[0][1]), *lead.points], lead.leaf
        else:
            side = self.rows[row].side_in(target)
            assert side is not None
            moved = side.moved(self.starts[row], 0)
            inner, goal = moved.points, moved.leaf
        if self._needs_no_lane(rail):
            points = inner
        else:
            points = joined(begin, [(begin[-1][0], rail.lane), (arrival, rail.lane)], inner)
        self._keep(rail, wire, points, goal, leaf, started)

    def _keep(
        self, rail: Rail, wire: Wire, points: list[Spot], goal: Leaf | None, leaf: Leaf | None, started: bool
    ) -> None:
        """A line within the frame, or the inner part of one that comes from outside or leads there."""
        if rail.source.part is None and goal is not None and not started:
            if rail.source.index == 0:
                self._leads.setdefault(0, Stub(joined([(0, 0)], points), goal))
            else:
                self._sides_in[rail.source.index] = Stub(points, goal)
        elif goal is None and leaf is not None:
            ends = self._tails if wire.target.index == 0 else self._sides_out
            ends[wire.target.index] = Stub(points, leaf)
        elif goal is not None:
            line = Line(self.frame, wire, points, goal)
            if wire.text:
                line.text = (
                    (self._departure(rail) + self._arrival(rail, wire, self._gap_of(wire))) / 2,
                    rail.lane,
                    wire.text,
                )
            self.lines.append(line)

    def _begin(self, rail: Rail, started: bool) -> tuple[list[Spot], Leaf | None]:
        """How a rail leaves, up to where it turns to its lane; and what made its value."""
        departure = self._departure(rail)
        if rail.row == -1:
            return [(0, 0), (departure, 0)] if rail.source.index == 0 and not started else [(departure, 0)], None
        if self._starts_in_gap(rail.source):
            tail = self._tail(rail.source)
            turn = (departure, tail.points[-1][1])
            return ([turn] if started else joined(tail.points, [turn])), tail.leaf
        stub = self.rows[rail.row].side_out(rail.source)
        assert stub is not None
        moved = stub.moved(self.starts[rail.row], 0)
        return moved.points, moved.leaf

    # What the frame's outside sees.

    def lead_of(self, index: int) -> Stub | None:
        return self._leads.get(index)

    def tail_of(self, index: int) -> Stub | None:
        return self._tails.get(index)

    def side_in_of(self, index: int) -> Stub | None:
        return self._sides_in.get(index)

    def side_out_of(self, index: int) -> Stub | None:
        return self._sides_out.get(index)


def joined(*ways: list[Spot]) -> list[Spot]:
    """Ways one behind the other, without points that lie on a straight line between two others."""
    points: list[Spot] = []
    for spot in (spot for way in ways for spot in way):
        if points and points[-1] == spot:
            continue
        while len(points) > 1 and _in_line(points[-2], points[-1], spot):
            points.pop()
        points.append(spot)
    return points


def _in_line(a: Spot, b: Spot, c: Spot) -> bool:
    return (a[0] == b[0] == c[0]) or (a[1] == b[1] == c[1])
