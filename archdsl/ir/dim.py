"""Sizes along axes: plain numbers, or integer polynomials over free sizes and their floors. See `polynomial.py`.

    Domain: which values the free sizes of one network may take.
    Dim:    a size. Most networks have plain numbers only, so these take a short way everywhere.

What can be said about sizes (equal? divisible? at least 1?) is in `proof.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import gcd
from typing import TYPE_CHECKING

from archdsl.budget import Limits
from archdsl.ir import polynomial
from archdsl.ir.polynomial import LARGEST, Polynomial, Symbol, within_64_bits
from archdsl.ir.why import Why
from archdsl.source import Span

if TYPE_CHECKING:
    from archdsl.ir.proof import Decision


class Dim:
    """A size. Equal means: of the same normal form (or number), wherever it came from.

    `why` is no part of the value. A new size is always a new object, so that whoever made it can say why.
    Raises `Exceeded` ("size", "terms") where a number leaves 64 bits or a formula gets too long.
    """

    __slots__ = ("_terms", "constant", "why")

    def __init__(self, constant: int | None, terms: Polynomial = (), why: Why | None = None) -> None:
        """For this module; elsewhere sizes are made by `Dim.of`, `Domain.symbol` and arithmetic."""
        self.constant = constant
        self._terms = terms
        self.why = why

    @staticmethod
    def of(value: int, why: Why | None = None) -> Dim:
        """A plain number."""
        return Dim(within_64_bits(value), (), why)

    @staticmethod
    def formed(terms: Polynomial) -> Dim:
        """From a normal form."""
        if not terms:
            return Dim(0)
        return Dim(None, terms) if terms[0][0] else Dim.of(terms[0][1])

    @property
    def terms(self) -> Polynomial:
        """The normal form."""
        return self._terms if self.constant is None else polynomial.constant(self.constant)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The free sizes it depends on, by name."""
        return tuple(symbol.text for symbol in polynomial.symbols(self._terms))

    def at(self, sizes: Mapping[str, int]) -> int:
        """The number, once its free sizes are chosen."""
        return polynomial.evaluate(self._terms, sizes) if self.constant is None else self.constant

    def partly_at(self, sizes: Mapping[str, int]) -> Dim:
        """The same size with some of its free sizes chosen."""
        if sizes.keys().isdisjoint(self.symbols):
            return self

        def chosen(symbol: Symbol) -> Polynomial:
            return polynomial.constant(sizes[symbol.text]) if symbol.text in sizes else (((symbol,), 1),)

        return Dim.formed(polynomial.substitute(self._terms, chosen)).with_why(self.why)

    def with_why(self, why: Why | None) -> Dim:
        """The same size with another derivation."""
        return Dim(self.constant, self._terms, why)

    def floored(self, *, times: int = 1, add: int = 0, by: int = 1, plus: int = 0) -> Dim:
        """floor((times * self + add) / by) + plus, in one go and without a derivation; `by` is positive."""
        if self.constant is not None:
            return Dim(within_64_bits((self.constant * times + add) // by + plus))
        terms = self._terms if times == 1 else polynomial.scale(self._terms, times)
        if by == 1:
            return Dim.formed(polynomial.shift(terms, add + plus))
        return Dim.formed(polynomial.shift(polynomial.floor_divide(polynomial.shift(terms, add), by), plus))

    def __add__(self, other: int | Dim) -> Dim:
        right = _dim(other)
        if self.constant is not None and right.constant is not None:
            return _explained("+", Dim.of(self.constant + right.constant), self, right)
        return _explained("+", Dim.formed(polynomial.add(self.terms, right.terms)), self, right)

    def __sub__(self, other: int | Dim) -> Dim:
        right = _dim(other)
        if self.constant is not None and right.constant is not None:
            return _explained("-", Dim.of(self.constant - right.constant), self, right)
        return _explained("-", Dim.formed(polynomial.add(self.terms, right.terms, -1)), self, right)

    def __mul__(self, other: int | Dim) -> Dim:
        right = _dim(other)
        if self.constant is not None and right.constant is not None:
            return _explained("*", Dim.of(self.constant * right.constant), self, right)
        return _explained("*", Dim.formed(polynomial.multiply(self.terms, right.terms)), self, right)

    def __floordiv__(self, other: int | Dim) -> Dim:
        right = _dim(other)
        return _explained("//", self.floored(by=_divisor(right)), self, right)

    def __mod__(self, other: int | Dim) -> Dim:
        right = _dim(other)
        divisor = _divisor(right)
        if self.constant is not None:
            return _explained("%", Dim(self.constant % divisor), self, right)
        whole = polynomial.floor_divide(self._terms, divisor)
        return _explained("%", Dim.formed(polynomial.add(self._terms, whole, -divisor)), self, right)

    def __radd__(self, other: int) -> Dim:
        return _dim(other) + self

    def __rsub__(self, other: int) -> Dim:
        return _dim(other) - self

    def __rmul__(self, other: int) -> Dim:
        return _dim(other) * self

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Dim):
            return self.constant == other.constant and self._terms == other._terms
        return isinstance(other, int) and self.constant == other

    def __hash__(self) -> int:
        return hash(self._terms if self.constant is None else self.constant)

    def __str__(self) -> str:
        return polynomial.to_text(self._terms) if self.constant is None else str(self.constant)

    def __repr__(self) -> str:
        return f"Dim({self})"


def _dim(value: int | Dim) -> Dim:
    return value if isinstance(value, Dim) else Dim.of(value)


def _divisor(dim: Dim) -> int:
    if dim.constant is None or dim.constant <= 0:
        raise ValueError(f"a size can be divided by a positive fixed number only, not by {dim}")
    return dim.constant


def _explained(rule: str, result: Dim, left: Dim, right: Dim) -> Dim:
    """Give the result its derivation, if an operand has one; an operand without one is a literal."""
    if left.why or right.why:
        operands = tuple(dim.why or Why("literal", None, _shown(dim)) for dim in (left, right))
        result.why = Why(rule, None, _shown(result), operands)
    return result


def _shown(dim: Dim) -> object:
    return dim if dim.constant is None else dim.constant


class Contradiction(Exception):
    """No value of a free size satisfies all that is assumed of it. What was assumed last is not taken on."""

    def __init__(self, name: str, known: str, assumed: str) -> None:
        super().__init__(f"{assumed} contradicts {known}")
        self.name = name
        self.known = known
        self.assumed = assumed


class Free:
    """What is known of one free size: low <= size <= high, size % modulus == remainder.

    stated: `low` is from the spec, so that it promises every size from there on.
    reason: what needed `low`, where it was found by inference.
    """

    __slots__ = ("high", "low", "modulus", "name", "nominal", "reason", "remainder", "span", "stated")

    def __init__(self, name: str, nominal: int | None, span: Span | None) -> None:
        self.name = name
        self.nominal = nominal
        self.span = span
        self.low = 1
        self.high = LARGEST
        self.modulus = 1
        self.remainder = 0
        self.stated = False
        self.reason: Why | None = None

    @property
    def smallest(self) -> int:
        """The smallest allowed value."""
        return self.low + (self.remainder - self.low) % self.modulus

    @property
    def limited(self) -> bool:
        """Whether the spec says how large it may be."""
        return self.high < LARGEST

    @property
    def count(self) -> int:
        """How many values are allowed: they are smallest, smallest + modulus, ..."""
        return max(0, (self.high - self.smallest) // self.modulus + 1)


class Domain:
    """What the free sizes of one network may be. Sizes are at least 1 throughout: no axis, batch included, is empty."""

    __slots__ = ("_free", "decided", "limits", "points_left")

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.points_left = PROOFS * self.limits.points
        self.decided: dict[tuple[str, Dim, Dim], Decision] = {}
        """Answers of `proof.py`, as long as the assumptions stand."""
        self._free: dict[str, Free] = {}

    def symbol(self, name: str, nominal: int | None = None, span: Span | None = None) -> Dim:
        """A free size, new or seen before. Raises `Contradiction` if it had another nominal value."""
        free = self._free.setdefault(name, Free(name, nominal, span))
        if nominal is not None and free.nominal != nominal:
            if free.nominal is not None:
                raise Contradiction(name, f"{name} = {free.nominal}", f"{name} = {nominal}")
            free.nominal = nominal
            self.decided.clear()
        return Dim(None, ((((Symbol(name, self)),), 1),))

    def __iter__(self) -> Iterator[str]:
        """The names of the free sizes."""
        return iter(self._free)

    def free(self, name: str) -> Free:
        """What is known of a size."""
        return self._free[name]

    def nominal(self, name: str) -> int:
        """The value that reports take: as given, else the smallest allowed."""
        free = self._free[name]
        return free.smallest if free.nominal is None else free.nominal

    def nominals(self) -> dict[str, int]:
        return {name: self.nominal(name) for name in self._free}

    def smallest(self) -> dict[str, int]:
        """The smallest allowed sizes."""
        return {name: free.smallest for name, free in self._free.items()}

    def allows(self, name: str, value: int) -> bool:
        free = self._free[name]
        return free.low <= value <= free.high and value % free.modulus == free.remainder

    def assume_modulus(self, name: str, modulus: int, remainder: int) -> None:
        """name % modulus == remainder. Raises `Contradiction`; `modulus` is positive."""
        free = self._free[name]
        combined = _combine(free.modulus, free.remainder, modulus, remainder)
        assumed = f"{name} % {modulus} == {remainder}"
        if combined is None or not 0 <= remainder < modulus:
            raise Contradiction(name, self.describe(name), assumed)
        self._assume(free, assumed, modulus=combined[0], remainder=combined[1])

    def assume_at_least(self, name: str, low: int) -> None:
        """name >= low, as the spec says: no op may need more. Raises `Contradiction`."""
        free = self._free[name]
        self._assume(free, f"{name} >= {low}", low=max(free.low, low), stated=True)

    def assume_at_most(self, name: str, high: int) -> None:
        """name <= high. Raises `Contradiction`."""
        free = self._free[name]
        self._assume(free, f"{name} <= {high}", high=min(free.high, high))

    def tighten(self, name: str, low: int, reason: Why | None) -> None:
        """name >= low, because an op needs it. Raises `Contradiction`."""
        free = self._free[name]
        if low > free.low:
            self._assume(free, f"{name} >= {low}", low=low, reason=reason)

    def describe(self, name: str) -> str:
        """What is known: "H >= 193, H % 32 == 0"."""
        free = self._free[name]
        parts = [f"{name} >= {free.low}"]
        if free.limited:
            parts.append(f"{name} <= {free.high}")
        if free.modulus > 1:
            parts.append(f"{name} % {free.modulus} == {free.remainder}")
        return ", ".join(parts)

    def _assume(self, free: Free, assumed: str, **facts: object) -> None:
        before = {fact: getattr(free, fact) for fact in facts}
        known = self.describe(free.name)
        for fact, value in facts.items():
            setattr(free, fact, value)
        if not free.count:
            for fact, value in before.items():
                setattr(free, fact, value)
            raise Contradiction(free.name, known, assumed)
        self.decided.clear()


PROOFS = 20
"""How often one compile may use up the points of a proof."""


def _combine(m: int, r: int, n: int, s: int) -> tuple[int, int] | None:
    """Modulus and remainder of the sizes that are r modulo m and s modulo n; None if there are none (CRT)."""
    common = gcd(m, n)
    if (s - r) % common:
        return None
    turns = (s - r) // common * pow(m // common, -1, n // common) % (n // common)
    modulus = m // common * n
    return modulus, (r + m * turns) % modulus
