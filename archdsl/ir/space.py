"""The allowed sizes around the nominal ones, and the difference of two sizes over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import islice, pairwise
from math import comb, lcm
from typing import TypeAlias

from archdsl.ir import polynomial
from archdsl.ir.dim import Dim, Domain, Free
from archdsl.ir.polynomial import Atom, Polynomial, Symbol
from archdsl.record import Record

BISECTION = 20
"""What finding the sign changes of a polynomial costs, in points for each of its coefficients."""

Periodic: TypeAlias = "tuple[int, int]"
"""A polynomial on each residue class: the modulus, and the degree."""


class Axis(Record):
    """The allowed values of one free size: smallest + step * t for t = 0 ... last. `home` is the nominal one's t."""

    name: str
    smallest: int
    step: int
    last: int
    home: int

    @staticmethod
    def of(free: Free) -> Axis:
        last = free.count - 1
        nominal = free.smallest if free.nominal is None else free.nominal
        home = (nominal - free.smallest + free.modulus // 2) // free.modulus
        return Axis(free.name, free.smallest, free.modulus, last, min(max(home, 0), last))

    def size(self, t: int) -> int:
        return self.smallest + self.step * t

    def nearest(self, i: int) -> int:
        """The t that is i-th nearest to home (from 0), above first."""
        both = min(self.home, self.last - self.home)
        if i <= 2 * both:
            return self.home + (i + 1) // 2 if i % 2 else self.home - i // 2
        return self.home + i - both if self.home == both else self.home - (i - both)

    def distance(self, t: int) -> int:
        return abs(t - self.home) * self.step


class Run(Record):
    """A stretch of t = first, first + step, ..., last at which the difference has this sign."""

    first: int
    last: int
    step: int
    sign: int

    def nearest(self, t: int) -> int:
        """The member nearest to t, the one above first."""
        above = self.first + max(0, -(-(t - self.first) // self.step)) * self.step
        below = self.first + max(0, (t - self.first) // self.step) * self.step
        above, below = min(above, self.last), min(below, self.last)
        return above if abs(above - t) <= abs(t - below) else below


class Witness(Record):
    """Free sizes, and what the two sides are there."""

    sizes: Mapping[str, int]
    left: int
    right: int


class Space:
    """left - right, as a polynomial in the steps t of each free size's axis. A point has a t for each axis."""

    def __init__(self, left: Dim, right: Dim) -> None:
        self.domain = domain_of(left, right)
        self._sides = left, right
        self._all = {name: Axis.of(self.domain.free(name)) for name in sorted({*left.symbols, *right.symbols})}
        self._steps = Domain(self.domain.limits)
        self.difference = polynomial.substitute(polynomial.add(left.terms, right.terms, -1), self._in_steps)
        self.axes = tuple(self._all[symbol.text] for symbol in polynomial.symbols(self.difference))
        self.home_point = tuple(axis.home for axis in self.axes)
        self._evaluate = polynomial.evaluator(self.difference)
        self._price = 1 + polynomial.weight(self.difference) * len(self.axes) // 16

    def _in_steps(self, symbol: Symbol) -> Polynomial:
        axis = self._all[symbol.text]
        steps: Polynomial = (((Symbol(symbol.text, self._steps),), axis.step),) if axis.last else ()
        return polynomial.add(steps, polynomial.constant(axis.smallest))

    def value(self, point: Sequence[int]) -> int:
        """The difference there."""
        return self._evaluate({axis.name: t for axis, t in zip(self.axes, point)})

    def witness(self, point: Sequence[int]) -> Witness:
        """All free sizes of both sides there (those that cancel at home), and the sides."""
        sizes = {name: axis.size(axis.home) for name, axis in self._all.items()}
        sizes.update((axis.name, axis.size(t)) for axis, t in zip(self.axes, point))
        left, right = self._sides
        return Witness(sizes, left.at(sizes), right.at(sizes))

    def windows(self) -> tuple[int, ...]:
        """How many consecutive steps along each axis decide whether the difference is zero everywhere."""
        periods = self._periods()
        return tuple(min(axis.last + 1, _points(*periods[axis.name])) for axis in self.axes)

    def corners(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The smallest and the largest allowed sizes."""
        return (0,) * len(self.axes), tuple(axis.last for axis in self.axes)

    @property
    def grows_or_falls(self) -> bool:
        """Whether, by its form, it only grows or only falls in every step.

        Steps, and with them floors, are at least 0: what stands in a floor has no negative coefficient.
        """
        return len({factor > 0 for atoms, factor in self.difference if atoms}) <= 1

    def values(self, windows: Sequence[int]) -> Iterator[tuple[tuple[int, ...], int]]:
        """The windows' points and the difference there, nearest to home first: home, then as the budget allows."""
        for point in islice(self._nearest_first(windows), max(1, self._points_left())):
            self.domain.points_left -= self._price
            yield point, self.value(point)

    def _points_left(self) -> int:
        return max(0, min(self.domain.limits.points, self.domain.points_left)) // self._price

    def _nearest_first(self, windows: Sequence[int]) -> Iterator[tuple[int, ...]]:
        axes = self.axes
        heap: list[tuple[int, tuple[int, ...]]] = [(0, (0,) * len(axes))]
        while heap:
            _, ranks = heappop(heap)
            yield tuple(axis.nearest(i) for axis, i in zip(axes, ranks))
            # Each point is reached from one other only: the one before it along its last axis off home.
            turned = max((i for i, rank in enumerate(ranks) if rank), default=0)
            for i in range(turned, len(axes)):
                if ranks[i] + 1 < windows[i]:
                    further = (*ranks[:i], ranks[i] + 1, *ranks[i + 1 :])
                    distance = sum(axis.distance(axis.nearest(rank)) for axis, rank in zip(axes, further))
                    heappush(heap, (distance, further))

    def nearest(self, runs: Sequence[Run]) -> dict[int, tuple[int, ...]]:
        """For each sign in the runs along the only axis, the point nearest to home; the nearest sign first."""
        home = self.axes[0].home
        found: dict[int, int] = {}
        for run in runs:
            t = run.nearest(home)
            if run.sign not in found or _order(t, home) < _order(found[run.sign], home):
                found[run.sign] = t
        return {sign: (t,) for sign, t in sorted(found.items(), key=lambda item: _order(item[1], home))}

    def runs(self) -> list[Run] | None:
        """Along the only axis, where the difference is negative, zero and positive; None if that is too much work.

        One that only grows or only falls is bisected. Else it is a polynomial on each residue class, and between two
        sign changes of a polynomial's differences it only grows or only falls.
        """
        axis = self.axes[0]
        if self.grows_or_falls:
            return _runs(lambda t: self.value((t,)), [0], axis.last, 0, 1)
        period, degree = self._periods()[axis.name]
        points = BISECTION * _points(period, degree)
        if points > self._points_left():
            return None
        self.domain.points_left -= points * self._price
        found: list[Run] = []
        for residue in range(min(period, axis.last + 1)):
            last = (axis.last - residue) // period
            newton = _differences([self.value((residue + period * s,)) for s in range(degree + 1)])
            turns = [0]
            runs: list[Run] = []
            for k in range(degree, -1, -1):
                runs = _runs(partial(_newton, newton[k:]), turns, last, residue, period)
                turns = [(run.first - residue) // period for run in runs]
            found += runs
        return found

    def _periods(self) -> dict[str, Periodic]:
        """Along each axis: modulo which period the difference is a polynomial, and of which degree."""

        def of(p: Polynomial, known: Mapping[Atom, dict[str, Periodic]], divisor: int) -> dict[str, Periodic]:
            result: dict[str, Periodic] = {}
            for atoms, _ in p:
                degrees: dict[str, int] = {}
                for atom in atoms:
                    for name, (period, degree) in known[atom].items():
                        degrees[name] = degrees.get(name, 0) + degree
                        before = result.get(name, (1, 0))
                        result[name] = lcm(before[0], period), max(before[1], degrees[name])
            return {name: (period * divisor, degree) for name, (period, degree) in result.items()}

        known = polynomial.fold(
            self.difference, lambda s: {s.text: (1, 1)}, lambda floor, inner: of(floor.inner, inner, floor.divisor)
        )
        return of(self.difference, known, 1)


def domain_of(a: Dim, b: Dim) -> Domain:
    """The domain of two sizes that aren't both plain numbers."""
    return polynomial.domain_of(a.terms if a.constant is None else b.terms)


def _points(period: int, degree: int) -> int:
    return period * (degree + 1)


def _order(t: int, home: int) -> tuple[int, bool]:
    return abs(t - home), t < home


def _runs(value: Callable[[int], int], turns: Sequence[int], last: int, residue: int, period: int) -> list[Run]:
    """The signs of a function on 0 ... last that only grows or only falls between its turns (the first is 0)."""
    firsts: list[tuple[int, int]] = []
    for turn, end in zip(turns, (*turns[1:], last)):
        at = turn
        while True:
            here = sign(value(at))
            if not firsts or firsts[-1][1] != here:
                firsts.append((at, here))
            if sign(value(end)) == here:
                break
            # Signs change near the smallest sizes as a rule, so the way there is taken in steps that double.
            low, step = at, 1
            while low + step < end and sign(value(low + step)) == here:
                low, step = low + step, 2 * step
            high = min(low + step, end)
            while high - low > 1:
                middle = (low + high) // 2
                if sign(value(middle)) == here:
                    low = middle
                else:
                    high = middle
            at = high
    ends = (*(first - 1 for first, _ in firsts[1:]), last)
    return [Run(residue + period * a, residue + period * b, period, s) for (a, s), b in zip(firsts, ends)]


def sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _differences(values: list[int]) -> list[int]:
    """Newton's: p(0), the first difference at 0, the second, ..."""
    result: list[int] = []
    while values:
        result.append(values[0])
        values = [b - a for a, b in pairwise(values)]
    return result


def _newton(differences: Sequence[int], s: int) -> int:
    """A polynomial's value from its differences at 0."""
    return sum(difference * comb(s, k) for k, difference in enumerate(differences))
