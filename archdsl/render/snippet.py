"""The lines of a source that a diagnostic speaks of, with marks under them.

7 |         conv3: conv(out, 1x1)
  |         -----  ^^^^ the last label stands on the line of the marks
  |         |
  |         the others hang below
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archdsl.render.terminal import Row, displayed, paint, printable
from archdsl.source import Source, Span

WIDEST = 160
"""Longer source lines are cut around their marks, in characters."""

SHOWN_WHOLE = 5
"""A marked place of up to that many lines is shown without a gap."""

CUT = "..."


class Mark:
    """A marked place: lines from 1, columns from 0, `end` exclusive. One over several lines runs in a margin lane."""

    __slots__ = ("column", "end", "first", "lane", "last", "style", "text")

    def __init__(self, span: Span, text: str, style: str) -> None:
        self.first, start = span.source.position(span.start)
        self.last, end = span.source.position(max(span.start, span.end - 1))
        self.column = start - 1
        self.end = max(end, start) if self.first == self.last else end
        self.text = printable(text)
        self.style = style
        self.lane = 0

    @property
    def long(self) -> bool:
        return self.first != self.last

    @property
    def sign(self) -> str:
        return "-" if self.style == "second" else "^"


class Gutter:
    """The column of line numbers to the left."""

    def __init__(self, last_line: int, color: bool) -> None:
        self.width = len(str(last_line))
        self.color = color

    def blank(self, sign: str = " |") -> str:
        return paint(f" {'':{self.width}}{sign}", "gutter", self.color)

    def numbered(self, line: int, sign: str = "|", style: str = "gutter") -> str:
        return paint(f" {line:>{self.width}} {sign}", style, self.color)

    def gap(self) -> str:
        return paint(f"{CUT:{self.width + 3}}", "gutter", self.color)


def snippet(source: Source, marks: list[Mark], gutter: Gutter, width: int | None) -> Iterator[str]:
    """The marked lines of one source with their marks."""
    lanes = _assign_lanes([mark for mark in marks if mark.long])
    room = WIDEST if width is None else max(20, min(WIDEST, width - gutter.width - 4 - 2 * lanes))
    previous = 0
    for number in _lines_to_show(marks):
        running = [mark for mark in marks if mark.first < number <= mark.last]
        if previous and number > previous + 1 and running:
            yield gutter.gap() + _bars(running).text(gutter.color)
        previous = number
        yield from _Line(source, number, marks, lanes, room).draw(gutter)


def _assign_lanes(long: list[Mark]) -> int:
    """Give marks over several lines a lane in the margin each, so that no two that overlap share one."""
    lanes: list[int] = []  # the last line that each is taken for
    for mark in sorted(long, key=lambda m: (m.first, -m.last)):
        mark.lane = next((i for i, taken in enumerate(lanes) if taken < mark.first), len(lanes))
        lanes[mark.lane : mark.lane + 1] = [mark.last]
    return len(lanes)


def _lines_to_show(marks: Iterable[Mark]) -> list[int]:
    lines: set[int] = set()
    for mark in marks:
        whole = mark.last - mark.first < SHOWN_WHOLE
        lines.update(range(mark.first, mark.last + 1) if whole else (mark.first, mark.first + 1, mark.last))
    return sorted(lines)


def _bars(running: Iterable[Mark]) -> Row:
    """The margin: a bar for every mark that has begun and hasn't ended."""
    row = Row()
    for mark in running:
        row.put(1 + 2 * mark.lane, "|", mark.style)
    return row


class _Line:
    """One source line: what of it is shown, and where its characters are drawn."""

    def __init__(self, source: Source, number: int, marks: list[Mark], lanes: int, room: int) -> None:
        line = source.line(number)
        self.number = number
        self.here = [m for m in marks if m.first == m.last == number]
        self.opening = [m for m in marks if m.first == number < m.last]
        self.closing = [m for m in marks if m.first < number == m.last]
        self.running = [m for m in marks if m.first < number <= m.last]
        self.indent = len(line) - len(line.lstrip())
        points = [m.column for m in (*self.here, *self.opening)] + [m.end for m in (*self.here, *self.closing)]
        self.start, end = _window(len(line), points, room)
        self.text, self.columns = displayed(line[self.start : end])
        self.edge = 1 + 2 * lanes + (CUT_WIDTH if self.start else 0)
        self.text = (CUT if self.start else "") + self.text + (CUT if end < len(line) else "")
        self.text_edge = 1 + 2 * lanes

    def at(self, column: int) -> int:
        """Where a character is drawn. One behind the line's end (its line break) has a place too."""
        inside = min(max(column - self.start, 0), len(self.columns))
        return self.edge + (self.columns[inside] if inside < len(self.columns) else self.columns[-1] + 1)

    def draw(self, gutter: Gutter) -> Iterator[str]:
        """The line, the marks within it, then those that open on it, then those that close."""
        slashed = [m for m in self.opening if m.column <= self.indent]
        row = _bars(self.running)
        for mark in slashed:
            row.put(1 + 2 * mark.lane, "/", mark.style)
        row.put(self.text_edge, self.text)
        yield gutter.numbered(self.number) + row.text(gutter.color)

        running = [*self.running, *slashed]
        below = gutter.blank()
        for row in self._marks(running):
            yield below + row.text(gutter.color)
        for mark in self.opening:
            if mark not in slashed:
                yield below + self._corner(running, mark, self.at(mark.column), "").text(gutter.color)
                running.append(mark)
        for mark in sorted(self.closing, key=lambda m: -m.lane):
            yield below + self._corner(running, mark, self.at(mark.end - 1), mark.text).text(gutter.color)
            running.remove(mark)

    def _corner(self, running: list[Mark], mark: Mark, column: int, text: str) -> Row:
        """From a mark's lane to the place where it begins or ends."""
        row = _bars(running)
        lane = 2 + 2 * mark.lane
        row.put(lane, "_" * (column - lane) + mark.sign, mark.style)
        row.put(column + 2, text, mark.style)
        return row

    def _marks(self, running: list[Mark]) -> Iterator[Row]:
        """The marks within the line, and their labels: the last one beside its mark, the others hanging below."""
        if not self.here:
            return
        ordered = sorted(self.here, key=lambda m: (m.column, m.end, m.style != "second"))
        row = _bars(running)
        for mark in sorted(ordered, key=lambda m: m.style != "second"):
            row.put(self.at(mark.column), mark.sign * max(1, self.at(mark.end) - self.at(mark.column)), mark.style)
        last = ordered[-1]
        hanging = [m for m in ordered if m.text]
        if last.text and last.end == max(m.end for m in ordered):
            row.put(self.at(last.end) + 1, last.text, last.style)
            hanging.remove(last)
        yield row
        if hanging:
            yield self._hang(running, hanging)
        while hanging:
            mark = hanging.pop()
            row = self._hang(running, hanging)
            row.put(self.at(mark.column), mark.text, mark.style)
            yield row

    def _hang(self, running: list[Mark], hanging: list[Mark]) -> Row:
        row = _bars(running)
        for mark in hanging:
            row.put(self.at(mark.column), "|", mark.style)
        return row


CUT_WIDTH = len(CUT)


def _window(length: int, points: list[int], room: int) -> tuple[int, int]:
    """Which characters of a long line are shown: from the first marked place on, as many as there is room for."""
    if length <= room or not points:
        return 0, min(length, room)
    first, last = min(points), max(points)
    start = min(max(0, (first + min(last, first + room)) // 2 - room // 2), max(0, length - room))
    return start, min(length, start + room)
