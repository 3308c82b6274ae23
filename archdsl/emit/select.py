"""A test on a module's name that is true for some modules and false for others, as short as a person would write it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from archdsl.emit.code import Call, Expr, Infix, Items, Literal, Name, Not, Tuple
from archdsl.record import Record

SHORT = 60
"""Characters of names that still stand on one line, where nothing shorter tells them from the others."""

Tests = tuple[Expr, ...]
"""All of them are true."""


class Told(Record):
    """What names have in common: how they begin, what they hold, how they end."""

    start: str = ""
    middle: tuple[str, ...] = ()
    end: str = ""

    def of(self, name: str) -> bool:
        return name.startswith(self.start) and name.endswith(self.end) and all(part in name for part in self.middle)

    @property
    def tests(self) -> Tests:
        found: list[Expr] = []
        if self.start:
            found.append(Call(Name("name.startswith"), (Literal(self.start),)))
        found += [Infix("in", Literal(part), Name("name")) for part in self.middle]
        if self.end:
            found.append(Call(Name("name.endswith"), (Literal(self.end),)))
        return tuple(found)


def select(names: Sequence[str], among: Set[str], patterns: Sequence[str]) -> Tests:
    """Tests for `names`, which are some of `among`; none if they are all. `patterns` are those of the rules."""
    wanted = set(names)
    others = among - wanted
    if not others:
        return ()
    if len(wanted) == 1:
        return (Infix("==", Name("name"), Literal(names[0])),)
    if len(others) == 1:
        return (Infix("!=", Name("name"), Literal(min(others))),)
    told = _exact(_candidates(wanted, patterns), wanted, others)
    if told is not None:
        return told.tests
    told = _exact(_candidates(others, ()), others, wanted)
    if told is not None and len(told.tests) == 1:
        return (Not(told.tests[0]),)
    listed = tuple(map(Literal, names))
    short = sum(map(len, names)) <= SHORT
    return (Infix("in", Name("name"), Tuple(listed) if short else Items(listed)),)


def _exact(candidates: Iterator[Told], wanted: Set[str], others: Set[str]) -> Told | None:
    """The first that is true for all that are wanted and for none of the others."""
    return next((one for one in candidates if all(map(one.of, wanted)) and not any(map(one.of, others))), None)


def _candidates(names: Set[str], patterns: Sequence[str]) -> Iterator[Told]:
    """Short ones first."""
    paths = [name.split(".") for name in names]
    start = ".".join(_shared(paths))
    ends = _shared([path[::-1] for path in paths])[::-1]
    for length in range(1, len(ends) + 1):
        yield Told(end=".".join(ends[-length:]))
    if start:
        yield Told(start=start)
        yield Told(start=f"{start}.")
    for pattern in patterns:
        first, *rest = pattern.split("*")
        end = rest[-1].rpartition(".")[0] if rest else ""
        yield Told(first, tuple(part for part in rest[:-1] if part), end)
    if start and ends:
        yield Told(start, (), ".".join(ends))


def _shared(paths: Sequence[Sequence[str]]) -> list[str]:
    """The components that all paths begin with."""
    found: list[str] = []
    for parts in zip(*paths):
        if len(set(parts)) > 1:
            break
        found.append(parts[0])
    return found
