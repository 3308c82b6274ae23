"""Sizes: their normal form against plain integers, how they are written, where they say they came from."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.budget import Exceeded, Limits
from archdsl.ir.dim import Dim, Domain
from archdsl.ir.why import Why

Plain = Callable[[int, int], int]
POINTS = [(h, w) for h in (1, 2, 3, 5, 8, 31, 32, 33, 224, 10**6 + 7) for w in (1, 4, 7, 225)]


@st.composite
def expressions(draw: st.DrawFn) -> tuple[Dim, Plain]:
    """A size made by a random chain, and the same on plain integers."""
    domain = Domain()
    known: list[tuple[Dim, Plain]] = [(domain.symbol("H"), lambda h, _: h), (domain.symbol("W"), lambda _, w: w)]
    for _ in range(draw(st.integers(1, 6))):
        (a, f), (b, g) = draw(st.sampled_from(known)), draw(st.sampled_from(known))
        k, c = draw(st.integers(-5, 5)), draw(st.integers(1, 6))
        known.append(
            draw(
                st.sampled_from(
                    [
                        (a + b, lambda h, w, f=f, g=g: f(h, w) + g(h, w)),
                        (a - b, lambda h, w, f=f, g=g: f(h, w) - g(h, w)),
                        (a * b, lambda h, w, f=f, g=g: f(h, w) * g(h, w)),
                        (a * k, lambda h, w, f=f, k=k: f(h, w) * k),
                        (k - a, lambda h, w, f=f, k=k: k - f(h, w)),
                        (a // c, lambda h, w, f=f, c=c: f(h, w) // c),
                        (a % c, lambda h, w, f=f, c=c: f(h, w) % c),
                        (
                            a.floored(times=c, add=k, by=c + 1, plus=k),
                            lambda h, w, f=f, k=k, c=c: (f(h, w) * c + k) // (c + 1) + k,
                        ),
                    ]
                )
            )
        )
    return known[-1]


@settings(max_examples=400, deadline=None)
@given(expressions())
def test_normal_form_keeps_the_value(made: tuple[Dim, Plain]) -> None:
    dim, plain = made
    for h, w in POINTS:
        assert dim.at({"H": h, "W": w}) == plain(h, w), dim


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 7), st.integers(-9, 9), st.integers(1, 5)), min_size=1, max_size=8))
def test_a_chain_of_windows_stays_one_floor(chain: list[tuple[int, int, int]]) -> None:
    """However many convolutions and pools: floor((H + b) / c) + d, so equal sizes have equal forms."""
    dim = Domain().symbol("H")
    shift, stride = 0, 1
    for by, add, plus in chain:
        dim = dim.floored(add=add, by=by, plus=plus)
        shift, stride = shift + stride * (add + by * plus), stride * by
    assert dim.at({"H": 77}) == (77 + shift) // stride
    assert str(dim).count("floor") == (stride > 1)


@pytest.fixture
def h() -> Dim:
    return Domain().symbol("H", 224)


def test_text(h: Dim) -> None:
    assert str(h) == "H"
    assert str(h // 2) == "floor(H/2)"
    assert str(2 * h + 1) == "2*H + 1"
    assert str((h + 1) // 2) == "floor((H + 1)/2)"
    assert str(5 - h) == "-H + 5"
    assert str(3 * h // 2) == "H + floor(H/2)"
    assert str(h * h - h) == "H*H - H"
    assert str(h % 4) == "H - 4*floor(H/4)"
    assert str(Dim.of(-3)) == "-3"


def test_simplifies(h: Dim) -> None:
    assert h - h == 0
    assert (h - h).constant == 0
    assert (2 * h) // 2 == h
    assert (4 * h + 3) // 4 == h
    assert (h // 2) // 3 == h // 6
    assert ((h // 2) * 2 + 1) // 4 == h // 4
    assert (h // 2 + h) // 3 == h // 2
    assert (32 * h) % 8 == 0


def test_equality_is_of_the_value() -> None:
    domain = Domain()
    h, w = domain.symbol("H"), domain.symbol("W")
    assert h * w == w * h
    assert hash(h * w + 1) == hash(1 + w * h)
    assert h != w
    assert h != 3
    assert Dim.of(3) == 3
    assert Dim.of(3) == Dim.of(3, Why("literal", None, 3))
    assert {Dim.of(7): "seven"}[Dim.of(7)] == "seven"
    assert h != Domain().symbol("H")


def test_symbols(h: Dim) -> None:
    domain = Domain()
    a, b, c = (domain.symbol(name) for name in "ABC")
    assert ((a + c) // 2 * b).symbols == ("A", "B", "C")
    assert Dim.of(4).symbols == ()
    assert (h - h + 3).symbols == ()


def test_whys_are_chained(h: Dim) -> None:
    width = Why("param", None, 64, (), "width")
    size = Dim.of(64, width) * 4
    assert size.why is not None
    assert (size.why.rule, size.why.value) == ("*", 256)
    assert size.why.operands[0] is width
    assert (size.why.operands[1].rule, size.why.operands[1].value) == ("literal", 4)

    free = h.with_why(width) // 2
    assert free.why is not None
    assert free.why.value == free
    assert h.why is None
    assert (h + 1).why is None


def test_every_result_is_new(h: Dim) -> None:
    assert (h + 0) is not h
    assert h.floored() is not h
    assert Dim.of(1) is not Dim.of(1)


def test_divisor_is_a_positive_number(h: Dim) -> None:
    for divide in (lambda: h // 0, lambda: h % -2, lambda: h // h):
        with pytest.raises(ValueError, match="positive fixed number"):
            divide()


def test_numbers_stay_within_64_bits(h: Dim) -> None:
    large = Dim.of(10**18)
    assert (large * 9 // 9).constant == 10**18
    for grow in (lambda: large * 10, lambda: h * 10**18 * 10, lambda: large.floored(times=10), lambda: Dim.of(2**63)):
        with pytest.raises(Exceeded) as caught:
            grow()
        assert caught.value.limit == "size"


def test_divisors_stay_within_64_bits(h: Dim) -> None:
    for _ in range(62):
        h = h // 2
    with pytest.raises(Exceeded):
        h // 2


def test_formulas_stay_short() -> None:
    h = Domain(Limits(terms=40)).symbol("H") + 1
    square = h * h
    power = square * square
    for grow in (lambda: power * power, lambda: sum((power // k for k in range(2, 9)), power)):
        with pytest.raises(Exceeded) as caught:
            grow()
        assert caught.value.limit == "terms"


def test_deep_nesting_needs_no_stack() -> None:
    h = dim = Domain(Limits(terms=10**5)).symbol("H")
    for turn in range(60):
        dim = (dim * 2 + turn) // 3 + h * h
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(_depth() + 40)
    try:
        value = dim.at({"H": 9})
        assert dim.symbols == ("H",)
        assert hash(dim) == hash(dim + 0)
        assert str(dim).count("floor") == 60
    finally:
        sys.setrecursionlimit(limit)
    plain = 9
    for turn in range(60):
        plain = (plain * 2 + turn) // 3 + 81
    assert value == plain


def _depth() -> int:
    frame, depth = sys._getframe(), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    return depth


def test_plain_numbers_are_small() -> None:
    tracemalloc.start()
    dims = [Dim.of(1000 + i) for i in range(10_000)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / len(dims) < 130  # the object, its integer, and its place in the list
