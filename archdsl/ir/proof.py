"""What can be said about sizes for *all* allowed values of the free ones: proved, or refuted by an example.

A size is a quasi-polynomial: with M the product of its nested divisors, it is a polynomial on each residue class
modulo M. A difference of degree g in a free size that is zero on any M (g + 1) consecutive allowed values of it is zero
everywhere, so trying that many around the nominal size decides, and finds the counterexample nearest to it.

The free sizes are replaced by steps from their smallest allowed value first (`space.py`), so that what is assumed
("H % 32 == 0") simplifies the formulas.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from math import prod

from archdsl.budget import Exceeded
from archdsl.ir.dim import Dim
from archdsl.ir.space import Axis, Run, Space, Witness, domain_of, sign
from archdsl.ir.why import Why
from archdsl.record import Record


class Decision(Record):
    """The answer to a question about sizes.

    kind:  "yes" (at all allowed sizes), "no" (at none; for what must hold at all: not at all of them), "mixed" (at some
           of them; only `compare`), "undecided" (the budget ran out, or the formula got too long).
    fails: where it doesn't hold ("no", "mixed"): nearest to the nominal sizes, above first.
    holds: where it does ("mixed").
    needs: of `require_positive` that refused: the smallest size that would do, if any size does.
    """

    kind: str
    fails: Witness | None = None
    holds: Witness | None = None
    needs: tuple[str, int] | None = None


YES = Decision("yes")
UNDECIDED = Decision("undecided")
ONE = Dim.of(1)

COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def equal(a: Dim, b: Dim) -> Decision:
    """Are two sizes the same at all allowed sizes? "yes", "no" with the nearest counterexample, or "undecided"."""
    if a == b:
        return YES
    if a.constant is not None and b.constant is not None:
        return Decision("no", Witness({}, a.constant, b.constant))
    return _decide("equal", a, b, _equal)


def divides(dim: Dim, k: int) -> Decision:
    """Is a size a multiple of k > 0 at all allowed sizes? The witness has the size left and k right."""
    decision = equal(dim.floored(by=k) * k, dim)
    if decision.fails is None:
        return decision
    return Decision("no", Witness(decision.fails.sizes, decision.fails.right, k))


def compare(op: str, a: Dim, b: Dim) -> Decision:
    """A comparison as a condition: at all allowed sizes ("yes"), at none ("no"), at some ("mixed") or "undecided"."""
    holds = COMPARISONS[op]
    if a.constant is not None and b.constant is not None:
        return YES if holds(a.constant, b.constant) else Decision("no", Witness({}, a.constant, b.constant))
    return _decide(op, a, b, lambda space: _compare(space, lambda sign: holds(sign, 0)))


def require_positive(dim: Dim, why: Why | None = None) -> Decision:
    """Make a size at least 1 by raising the lower bound of the free size it depends on.

    "no" if it can't be: no allowed size does, or one that the spec vouches for (`where H >= ...`, the nominal size)
    doesn't. Of a size with several free sizes only what holds anyway is known, else it is "undecided" (and up to the
    run), unless the nominal sizes fail. `why` (else the size's own) is kept as the bound's reason.
    """
    if _grows_from_one(dim):
        return YES
    decision = compare(">=", dim, ONE)
    if decision.kind != "mixed" or decision.fails is None:
        return decision
    space = Space(dim, ONE)
    if len(space.axes) != 1:
        return Decision("no", decision.fails) if space.value(space.home_point) < 0 else UNDECIDED
    axis = space.axes[0]
    failing = [run for run in space.runs() or () if run.sign < 0]
    free = space.domain.free(axis.name)
    if not failing or _fails_for_ever(failing, axis, free.limited):
        return Decision("no", decision.fails)
    low = axis.size(1 + max(run.last for run in failing))
    if free.stated or (free.nominal is not None and free.nominal < low):
        return Decision("no", decision.fails, needs=(axis.name, low))
    space.domain.tighten(axis.name, low, why or dim.why)
    return YES


def _fails_for_ever(failing: Sequence[Run], axis: Axis, limited: bool) -> bool:
    """Whether no lower bound would do. Without an upper one, a class that fails to its end fails however large the
    size; with one, its last member may just be a small size."""
    return any(run.last + (1 if limited else run.step) > axis.last for run in failing)


def _grows_from_one(dim: Dim) -> bool:
    """The common case, seen by its form: it grows with every free size, and is at least 1 at the smallest allowed."""
    if dim.constant is not None:
        return dim.constant >= 1
    domain = domain_of(dim, dim)
    return all(factor > 0 for atoms, factor in dim.terms if atoms) and dim.at(domain.smallest()) >= 1


def _decide(question: str, a: Dim, b: Dim, decide: Callable[[Space], Decision]) -> Decision:
    """Ask once: in a deep network the same two sizes meet again and again."""
    domain = domain_of(a, b)
    key = (question, a, b)
    decision = domain.decided.get(key)
    if decision is None:
        try:
            decision = decide(Space(a, b))
        except Exceeded:  # written in steps a formula may be longer, and have larger coefficients
            decision = UNDECIDED
        domain.decided[key] = decision
    return decision


def _equal(space: Space) -> Decision:
    windows = space.windows()
    tried = 0
    for point, value in space.values(windows):
        tried += 1
        if value:
            return Decision("no", space.witness(point))
    return YES if tried == prod(windows) else UNDECIDED


def _compare(space: Space, holds: Callable[[int], bool]) -> Decision:
    """`holds` says for which signs of the difference the comparison is true."""
    found, all_found = _signs(space, holds)
    fails = next((space.witness(point) for sign, point in found.items() if not holds(sign)), None)
    true = next((space.witness(point) for sign, point in found.items() if holds(sign)), None)
    if fails and true:
        return Decision("mixed", fails, true)
    if not all_found:
        return UNDECIDED
    return Decision("no", fails) if fails else YES


def _signs(space: Space, holds: Callable[[int], bool]) -> tuple[dict[int, tuple[int, ...]], bool]:
    """Signs that the difference has, each with the nearest point, the nearest first; and whether these are all.

    Where that doesn't matter to the comparison, some are left out.
    """
    if len(space.axes) == 1 and (runs := space.runs()) is not None:
        return space.nearest(runs), True
    low, high = space.corners()
    extremes = sorted((sign(space.value(low)), sign(space.value(high))))
    if space.grows_or_falls and len({holds(s) for s in range(extremes[0], extremes[1] + 1)}) == 1:
        return {sign(space.value(space.home_point)): space.home_point}, True
    if _equal(space) is YES:
        return {0: space.home_point}, True
    found: dict[int, tuple[int, ...]] = {}
    everywhere = tuple(axis.last + 1 for axis in space.axes)
    tried = 0
    for point, value in space.values(everywhere):
        tried += 1
        found.setdefault(sign(value), point)
        if len({holds(s) for s in found}) == 2:
            return found, False
    for point in (low, high):
        found.setdefault(sign(space.value(point)), point)
    return found, tried == prod(everywhere)
