"""A number that is different in each turn of a loop -> an expression over the loop's index.

It is one only by derivation: it is made from the index itself (`64 * 2**i`), or it grows by the same in each turn
(`in_channels + 32 * i`).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from archdsl.emit.argument import Entry
from archdsl.emit.code import Expr, Name
from archdsl.emit.derive import At, common, equal, followed, infix
from archdsl.emit.names import variable
from archdsl.emit.numbering import INDEX

if TYPE_CHECKING:
    from archdsl.emit.unit import Unit


class Unrollable(Exception):
    """The turns of a loop differ in more than what follows from its index."""


def along(unit: Unit, entries: Sequence[Entry], hint: str, key: tuple[Hashable, ...], stored: bool) -> Expr:
    """The expression for a number in all turns of a loop, in all graphs; raises `Unrollable`."""
    by_graph: dict[int, list[Entry]] = {}
    for entry in entries:
        by_graph.setdefault(entry.graph, []).append(entry)
    if all(equal([entry.value for entry in turns]) for turns in by_graph.values()):
        return _constant(unit, entries, hint, key, stored)
    whys = [entry.why for entry in entries if entry.why is not None]
    if len(whys) < len(entries):
        raise Unrollable
    found = common([At(why) for why in whys], [entry.turn for entry in entries])
    if found is not None and unit.fits(found, entries):
        return unit.settled(found, entries, stored)
    return _growing(unit, by_graph, hint, key, stored)


def _constant(unit: Unit, entries: Sequence[Entry], hint: str, key: tuple[Hashable, ...], stored: bool) -> Expr:
    """The same in all turns of a graph: what it is in the first turn, or if that tells more, in the second."""
    graphs = {entry.graph for entry in entries}
    for turn in (1, 0):
        once = [Entry(entry.graph, entry.value, entry.why) for entry in entries if entry.turn == turn]
        whys = [entry.why for entry in once if entry.why is not None]
        if {entry.graph for entry in once} == graphs:
            found = unit.expression(once, whys, stored)
            if found is not None:
                return found
    return unit.use(unit.argument(key, variable(hint), entries), stored)


def _growing(unit: Unit, by_graph: dict[int, list[Entry]], hint: str, key: tuple[Hashable, ...], stored: bool) -> Expr:
    """A number that grows from turn to turn by the same: what it is at first, and how often it has grown."""
    entries = [entry for turns in by_graph.values() for entry in turns[1:]]
    added = [_added(*pair) for turns in by_graph.values() for pair in pairwise(turns)]
    steps = [step for step in added if step is not None]
    if len(steps) < len(added):
        raise Unrollable
    by = common(steps, [None] * len(steps))
    if by is None or not unit.fits(by, entries):
        raise Unrollable
    first = unit.slot(
        [Entry(e.graph, e.value, e.why) for turns in by_graph.values() for e in turns[:1]], hint, key, stored=stored
    )
    return infix("+", first, infix("*", unit.settled(by, entries, stored), Name(INDEX)))


def _added(before: Entry, after: Entry) -> At | None:
    """What was added to a number since the turn before; None if it isn't made so."""
    assert before.why is not None and after.why is not None
    made = followed(At(after.why))
    if made.why.rule != "+" or len(made.why.operands) != 2:
        return None
    operands = [At(operand, made.call, made.outside) for operand in made.why.operands]
    for known, added in (operands, operands[::-1]):
        if followed(known).why is followed(At(before.why)).why:
            return added
    return None
