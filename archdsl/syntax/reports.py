"""What was found wrong with one source, so that one mistake is told once."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.budget import Budget, Exceeded
from archdsl.diagnostic import Diagnostic, Diagnostics, Edit, Error, Help, Label
from archdsl.source import Source, Span
from archdsl.syntax.lexer import Token


class Enough(Exception):
    """As many mistakes were met as anyone will read: the rest of the source is left alone."""


class Reports:
    def __init__(self, source: Source, budget: Budget, diagnostics: Diagnostics) -> None:
        self.source = source
        self.budget = budget
        self.diagnostics = diagnostics
        self._spoiled: list[tuple[int, int]] = []
        self._echoes = 0

    def add(self, error: Error, start: int, end: int, *helps: Help, labels: tuple[Label, ...] = ()) -> None:
        """Raises `Enough` behind the last message that will be shown."""
        self.diagnostics.add(Diagnostic(error, self.span(start, end), helps=helps, labels=labels))
        if self.diagnostics.left_out:
            raise Enough
        self.spoil(start, start)

    def add_bracket(self, error: Error, token: Token, helps: Sequence[Help], labels: tuple[Label, ...] = ()) -> None:
        """One mistake with brackets is told a line: of others on it, it is hard to say whether they are any."""
        if self.on_line(token.start):
            self.echo()
            return
        self.add(error, token.start, token.end, *helps, labels=labels)
        if token.type not in ("LPAR", "LSQB"):
            self.spoil(*self.line(token.start))

    def check(self, limit: str, amount: int, start: int, end: int) -> None:
        """Report an amount that is over a limit, and raise `Enough`."""
        try:
            self.budget.check(limit, amount)
        except Exceeded as over:
            from archdsl.errors.limits import too_much

            self.add(too_much(over.limit, over.allowed, over.asked), start, end)
            raise Enough from over

    def echo(self) -> None:
        """Count a mistake that is not told, since another at its place was. Mending costs time, so these end too."""
        self._echoes += 1
        if self._echoes > 10 * self.diagnostics.limit:
            raise Enough

    def span(self, start: int, end: int) -> Span:
        return Span(self.source, start, end)

    def edit(self, text: str, start: int, end: int, replacement: str) -> Help:
        """A help that mends it by putting something in the place of `start` to `end`."""
        return Help(text, Edit(self.span(start, end), replacement))

    def spoil(self, start: int, end: int) -> None:
        """What is found wrong from `start` to `end` from now on comes of what was reported."""
        self._spoiled.append((start, end))

    def within(self, start: int, end: int) -> bool:
        """Whether something between two offsets was reported, or comes of it."""
        return any(begin <= end and start <= stop for begin, stop in self._spoiled)

    def line(self, offset: int) -> tuple[int, int]:
        """Where the line of an offset starts and ends."""
        text = self.source.text
        stop = text.find("\n", offset)
        return text.rfind("\n", 0, offset) + 1, stop if stop >= 0 else len(text)

    def on_line(self, offset: int) -> bool:
        """Whether something on the line of an offset was reported."""
        return self.within(*self.line(offset))
