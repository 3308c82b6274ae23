"""The one budget that every path of a compile counts against, so that any input ends soon, in an answer.

The limits are the caller's, never the file's. A loop charges its length on entry and a block call the size of its
finished body, so that what would unfold to 10^12 steps is refused before it is built.
"""

from __future__ import annotations

from archdsl.record import Record


class Limits(Record):
    """What a compile may use; the table in `docs/language.md` is generated from here."""

    bytes: int = 1_000_000
    """Size of one file, imports included one by one."""
    tokens: int = 200_000
    """Words and signs in one file."""
    nesting: int = 100
    """Brackets, braces and operators inside one another."""
    steps: int = 200_000
    """Steps of the unfolded network, repeated bodies counted each time."""
    depth: int = 100
    """Block calls, groups and connectors inside one another."""
    work: int = 2_000_000
    """Expressions evaluated and loop turns taken."""
    items: int = 1_000_000
    """Items of one list, characters of one string."""
    terms: int = 1_000
    """Length of the formula of a free size."""
    points: int = 100_000
    """Sizes tried in one proof about free sizes; beyond it the question is left to the run."""
    imports: int = 100
    """Files read for one network."""
    diagnostics: int = 100
    """Messages shown for one run."""


class Exceeded(Exception):
    """A limit was reached: which, and how much was asked for (at least)."""

    def __init__(self, limit: str, allowed: int, asked: int) -> None:
        super().__init__(limit)
        self.limit = limit
        self.allowed = allowed
        self.asked = asked


class Budget:
    """Counts against the limits; raises `Exceeded`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._spent: dict[str, int] = {}

    def check(self, limit: str, amount: int) -> None:
        """Refuse an amount that is over a limit by itself (a file's bytes, a list's items)."""
        allowed = getattr(self.limits, limit)
        if amount > allowed:
            raise Exceeded(limit, allowed, amount)

    def charge(self, limit: str, amount: int = 1) -> None:
        """Add to what was spent of a limit (steps, work)."""
        spent = self._spent.get(limit, 0) + amount
        self._spent[limit] = spent
        if spent > getattr(self.limits, limit):
            raise Exceeded(limit, getattr(self.limits, limit), spent)

    def foresee(self, limit: str, amount: int) -> None:
        """Refuse what would go over a limit if it were charged, without charging it."""
        total = self._spent.get(limit, 0) + amount
        if total > getattr(self.limits, limit):
            raise Exceeded(limit, getattr(self.limits, limit), total)

    def spent(self, limit: str) -> int:
        """What was charged so far."""
        return self._spent.get(limit, 0)
