"""Integer polynomials over atoms, in normal form. An atom is a free size or floor(polynomial / divisor).

A polynomial is a sorted tuple of terms (atoms, coefficient); the constant's term has no atoms; zero has no terms.
Nothing here recurses without bound: how deep floors nest is up to the user's network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import gcd
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from archdsl.budget import Exceeded

if TYPE_CHECKING:
    from archdsl.ir.dim import Domain

V = TypeVar("V")

FEW = 10
"""So many calls within one another are harmless."""

LARGEST = 2**63 - 1
"""No size is beyond it, so neither is a number in the formula of one."""


class _Atom:
    """What a polynomial is made of. `text` is unique within a domain, so it stands for the atom's structure."""

    __slots__ = ("domain", "nesting", "text", "weight")
    domain: Domain
    text: str
    weight: int
    """Symbols, floors and terms in it."""
    nesting: int
    """Floors within one another."""

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, _Atom) and self.text == other.text and self.domain is other.domain)

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return self.text


class Symbol(_Atom):
    """A free size."""

    __slots__ = ()

    def __init__(self, name: str, domain: Domain) -> None:
        self.text = name
        self.domain = domain
        self.weight = 1
        self.nesting = 0


class Floor(_Atom):
    """floor(inner / divisor), made by `floor_divide` alone: its coefficients are below the divisor."""

    __slots__ = ("divisor", "inner")

    def __init__(self, inner: Polynomial, divisor: int, domain: Domain) -> None:
        self.inner = inner
        self.divisor = divisor
        self.domain = domain
        self.weight = 1 + weight(inner)
        self.nesting = 1 + max(atom.nesting for atoms, _ in inner for atom in atoms)
        text = to_text(inner)
        self.text = f"floor({f'({text})' if len(inner) > 1 else text}/{divisor})"


Atom: TypeAlias = "Symbol | Floor"

Atoms: TypeAlias = "tuple[Atom, ...]"
"""A product, sorted by text; powers are repeated."""

Polynomial: TypeAlias = "tuple[tuple[Atoms, int], ...]"


def constant(value: int) -> Polynomial:
    return (((), value),) if value else ()


def shift(p: Polynomial, by: int) -> Polynomial:
    """p + by"""
    if not by:
        return p
    terms = p[:-1] if p and not p[-1][0] else p
    total = by + (p[-1][1] if terms is not p else 0)
    return (*terms, ((), within_64_bits(total))) if total else terms


def add(p: Polynomial, q: Polynomial, times: int = 1) -> Polynomial:
    """p + times * q"""
    if not q:
        return p
    if not p and times == 1:
        return q
    sums: dict[Atoms, int] = dict(p)
    for atoms, factor in q:
        sums[atoms] = sums.get(atoms, 0) + times * factor
    return _sorted(sums)


def scale(p: Polynomial, times: int) -> Polynomial:
    return tuple((atoms, within_64_bits(factor * times)) for atoms, factor in p) if times else ()


def multiply(p: Polynomial, q: Polynomial) -> Polynomial:
    if len(p) > 1 and len(q) > 1:
        _limit(p, len(p) * len(q))
    sums: dict[Atoms, int] = {}
    for left, a in p:
        for right, b in q:
            atoms = tuple(sorted(left + right, key=_text)) if left and right else left or right
            sums[atoms] = sums.get(atoms, 0) + a * b
    return _sorted(sums)


def floor_divide(p: Polynomial, divisor: int) -> Polynomial:
    """floor(p / divisor): multiples of the divisor come out, common factors cancel, nested floors merge."""
    whole: Polynomial = ()
    while True:
        if any(not 0 <= factor < divisor for _, factor in p):
            whole = add(whole, tuple((atoms, factor // divisor) for atoms, factor in p if factor // divisor))
            p = tuple((atoms, factor % divisor) for atoms, factor in p if factor % divisor)
        if not p or not p[0][0]:  # what is left is a constant below the divisor
            return whole
        common = gcd(divisor, *(factor for atoms, factor in p if atoms))
        if common > 1:
            # floor((g p + r) / (g c)) = floor((p + floor(r / g)) / c)
            p = tuple((atoms, factor // common) for atoms, factor in p if factor // common)
            divisor //= common
            continue
        nested = next((a[0] for a, factor in p if factor == 1 and len(a) == 1 and isinstance(a[0], Floor)), None)
        if nested is None:
            return add(whole, (((Floor(p, divisor, domain_of(p)),), 1),))
        # floor((floor(q / d) + r) / c) = floor((q + d r) / (c d))
        rest = tuple(term for term in p if term[0] != (nested,))
        p = add(nested.inner, rest, nested.divisor)
        divisor = within_64_bits(divisor * nested.divisor)


def fold(p: Polynomial, symbol: Callable[[Symbol], V], floor: Callable[[Floor, Mapping[Atom, V]], V]) -> dict[Atom, V]:
    """A value for every atom of p, bottom up: a floor is handed the values of the atoms within it."""
    values: dict[Atom, V] = {}
    for atom in atoms_of(p):
        values[atom] = floor(atom, values) if isinstance(atom, Floor) else symbol(atom)
    return values


def atoms_of(p: Polynomial) -> list[Atom]:
    """Every atom in p once, inner ones first."""
    found: dict[Atom, None] = {}
    stack: list[tuple[Atom | None, Iterator[Atom]]] = [(None, _direct(p))]
    while stack:
        owner, inside = stack[-1]
        atom = next(inside, None)
        if atom is None:
            stack.pop()
            if owner is not None:
                found[owner] = None
        elif atom not in found:
            stack.append((atom, _direct(atom.inner) if isinstance(atom, Floor) else iter(())))
    return list(found)


def evaluate(p: Polynomial, sizes: Mapping[str, int]) -> int:
    """p's value, given the free sizes."""
    total = 0
    for product, factor in p:
        for atom in product:
            if isinstance(atom, Symbol):
                factor *= sizes[atom.text]
            elif atom.nesting <= FEW:
                factor *= evaluate(atom.inner, sizes) // atom.divisor
            else:
                return evaluator(p)(sizes)
        total += factor
    return total


def evaluator(p: Polynomial) -> Callable[[Mapping[str, int]], int]:
    """A function from free sizes to p's value, for many calls."""
    atoms = atoms_of(p)
    place = {atom: i for i, atom in enumerate(atoms)}

    def sum_of(terms: Polynomial) -> list[tuple[int, tuple[int, ...]]]:
        return [(factor, tuple(place[atom] for atom in product)) for product, factor in terms]

    steps = [(sum_of(atom.inner), atom.divisor) if isinstance(atom, Floor) else atom.text for atom in atoms]
    top = sum_of(p)

    def total(terms: list[tuple[int, tuple[int, ...]]], values: list[int]) -> int:
        result = 0
        for factor, places in terms:
            for i in places:
                factor *= values[i]
            result += factor
        return result

    def at(sizes: Mapping[str, int]) -> int:
        values: list[int] = []
        for step in steps:
            values.append(sizes[step] if isinstance(step, str) else total(step[0], values) // step[1])
        return total(top, values)

    return at


def substitute(p: Polynomial, new: Callable[[Symbol], Polynomial]) -> Polynomial:
    """p with a polynomial in each free size's place."""

    def rebuild(terms: Polynomial, known: Mapping[Atom, Polynomial]) -> Polynomial:
        total: Polynomial = ()
        for product, factor in terms:
            term = constant(factor)
            for atom in product:
                term = multiply(term, known[atom])
            total = add(total, term)
        return total

    return rebuild(p, fold(p, new, lambda f, known: floor_divide(rebuild(f.inner, known), f.divisor)))


def symbols(p: Polynomial) -> tuple[Symbol, ...]:
    """The free sizes in p, by name."""
    return tuple(sorted((atom for atom in atoms_of(p) if isinstance(atom, Symbol)), key=_text))


def domain_of(p: Polynomial) -> Domain:
    return p[0][0][0].domain


def weight(p: Polynomial) -> int:
    """How long p is: its terms, with all that stands in them."""
    return len(p) + sum(atom.weight for atoms, _ in p for atom in atoms)


def to_text(p: Polynomial) -> str:
    """`2*H + 1`, `H - floor((H + 1)/2)`."""
    text = ""
    for atoms, factor in p:
        product = "*".join(atom.text for atom in atoms)
        size = abs(factor)
        term = (product if size == 1 else f"{size}*{product}") if product else str(size)
        text += (" - " if factor < 0 else " + ") + term if text else f"-{term}" if factor < 0 else term
    return text or "0"


def _sorted(sums: Mapping[Atoms, int]) -> Polynomial:
    """The terms in order: longer products first, the constant last."""
    terms = [(atoms, factor) for atoms, factor in sums.items() if factor]
    if len(terms) > 1:
        terms.sort(key=lambda term: (-len(term[0]), [atom.text for atom in term[0]]))
    p = tuple(terms)
    if terms and terms[0][0]:
        for _, factor in terms:
            within_64_bits(factor)
        _limit(p, weight(p))
    return p


def _limit(p: Polynomial, length: int) -> None:
    allowed = domain_of(p).limits.terms
    if length > allowed:
        raise Exceeded("terms", allowed, length)


def within_64_bits(value: int) -> int:
    """The value; raises `Exceeded` if a size can't be as large."""
    if not -LARGEST <= value <= LARGEST:
        raise Exceeded("size", LARGEST, abs(value))
    return value


def _direct(p: Polynomial) -> Iterator[Atom]:
    return (atom for atoms, _ in p for atom in atoms)


def _text(atom: Atom) -> str:
    return atom.text
