"""What the free sizes of a network may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.ir.dim import Contradiction, Domain


@pytest.fixture
def domain() -> Domain:
    domain = Domain()
    domain.symbol("N")
    domain.symbol("H", 224)
    return domain


def test_nominal(domain: Domain) -> None:
    assert domain.nominals() == {"N": 1, "H": 224}
    domain.assume_at_least("N", 3)
    domain.assume_modulus("N", 4, 0)
    assert domain.nominal("N") == 4


def test_one_name_is_one_size(domain: Domain) -> None:
    assert domain.symbol("H") == domain.symbol("H", 224)
    with pytest.raises(Contradiction, match="H = 192 contradicts H = 224"):
        domain.symbol("H", 192)
    domain.symbol("N", 8)
    assert domain.nominal("N") == 8


def test_describe(domain: Domain) -> None:
    assert domain.describe("H") == "H >= 1"
    domain.assume_modulus("H", 32, 0)
    domain.assume_at_most("H", 512)
    domain.tighten("H", 193, None)
    assert domain.describe("H") == "H >= 193, H <= 512, H % 32 == 0"
    assert [h for h in range(600) if domain.allows("H", h)] == list(range(224, 513, 32))


@given(st.integers(1, 30), st.integers(0, 29), st.integers(1, 30), st.integers(0, 29))
def test_moduli_are_combined(m: int, r: int, n: int, s: int) -> None:
    domain = Domain()
    domain.symbol("H")
    allowed = [h for h in range(1, 2 * m * n + 1) if h % m == r and h % n == s]
    try:
        domain.assume_modulus("H", m, r)
        domain.assume_modulus("H", n, s)
    except Contradiction:
        assert not allowed
    else:
        assert [h for h in range(1, 2 * m * n + 1) if domain.allows("H", h)] == allowed
        free = domain.free("H")
        assert [free.smallest, free.smallest + free.modulus] == allowed[:2]


@pytest.mark.parametrize(
    "assume",
    [
        lambda d: d.assume_modulus("H", 4, 1),
        lambda d: d.assume_modulus("H", 3, 3),
        lambda d: d.assume_modulus("H", 3, -1),
        lambda d: d.assume_at_most("H", 31),
        lambda d: d.assume_at_most("H", 0),
        lambda d: d.assume_at_least("H", 97),
        lambda d: d.tighten("H", 97, None),
        lambda d: d.assume_at_least("H", 10**30),
    ],
)
def test_contradictions_change_nothing(domain: Domain, assume) -> None:
    domain.assume_modulus("H", 32, 0)
    domain.assume_at_most("H", 100)
    before = domain.describe("H")
    with pytest.raises(Contradiction) as caught:
        assume(domain)
    assert caught.value.name == "H"
    assert caught.value.known == before
    assert domain.describe("H") == before


def test_huge_moduli(domain: Domain) -> None:
    domain.assume_modulus("H", 10**9 + 7, 5)
    domain.assume_modulus("H", 10**9 + 9, 6)
    smallest = domain.free("H").smallest
    assert (smallest % (10**9 + 7), smallest % (10**9 + 9)) == (5, 6)
