"""What an input could promise of its free sizes so that results fit which don't: `where H % 32 == 0`."""

from __future__ import annotations

from math import lcm

from archdsl.diagnostic import Help
from archdsl.ir.dim import Contradiction, Dim, Domain
from archdsl.ir.proof import equal
from archdsl.ir.shape import Shape

LARGEST = 256
"""What is tried: networks halve their maps five to eight times."""


def conditions(first: Shape, second: Shape, domain: Domain) -> tuple[Help, ...]:
    """The condition under which two results that fit at the nominal sizes fit at all that are left; nothing where no
    multiple does it, or where they don't fit at the nominal sizes either.

    Numbers that are fixed are left alone: they may differ, as channels that are concatenated.
    """
    nominal = domain.nominals()
    moduli: dict[str, int] = {}
    for a, b in zip(first.dims, second.dims):
        names = {*a.symbols, *b.symbols}
        if a == b or not names:
            continue
        name = names.pop()
        modulus = None if names or a.at(nominal) != b.at(nominal) else _modulus(name, a, b, domain)
        if modulus is None:
            return ()
        moduli[name] = lcm(moduli.get(name, 1), modulus)
    if not moduli:
        return ()
    text = ", ".join(f"{name} % {modulus} == 0" for name, modulus in moduli.items())
    return (Help(f"if only such sizes come in, say so behind the input: where {text}"),)


def _modulus(name: str, a: Dim, b: Dim, domain: Domain) -> int | None:
    """The smallest number of whose multiples the two sizes are the same. The nominal size is one of them."""
    size = domain.nominal(name)
    tried = (number for number in range(2, min(size, LARGEST) + 1) if size % number == 0)
    return next((number for number in tried if _equal_of_multiples(number, name, a, b, domain)), None)


def _equal_of_multiples(number: int, name: str, a: Dim, b: Dim, domain: Domain) -> bool:
    free = domain.free(name)
    before = free.modulus, free.remainder
    try:
        domain.assume_modulus(name, number, 0)
        return equal(a, b).kind == "yes"
    except Contradiction:
        return False
    finally:
        free.modulus, free.remainder = before
        domain.decided.clear()
