"""`rearrange` against einops: the same patterns are refused, and the others give the same numbers in the same order."""

from __future__ import annotations

import einops
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.ir.dim import Dim, Domain
from archdsl.ir.shape import Shape
from archdsl.ops.op import Refused
from tests.ops.interpret import Runner
from tests.ops.judge import make, run, shape, without_warnings

Composition = list[list[str]]


@st.composite
def composed(draw: DrawFn, names: list[str]) -> Composition:
    """Neighbours composed at random, with axes of size 1 between."""
    groups: Composition = []
    at = 0
    while at < len(names):
        length = draw(st.sampled_from([1, 1, 1, 2, 3]))
        groups.append(names[at : at + length])
        at += length
        if draw(st.integers(0, 9)) == 0:
            groups.append([])
    return groups


def text(groups: Composition) -> str:
    return " ".join("1" if not g else g[0] if len(g) == 1 else f"({' '.join(g)})" for g in groups)


@st.composite
def patterns(draw: DrawFn) -> tuple[str, dict[str, int], list[int]]:
    """A pattern, sizes by name, the input's sizes; about half have something wrong with them."""
    names = draw(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=5, unique=True))
    sizes = {name: draw(st.integers(1, 3)) for name in names}
    left, right = draw(composed(names)), draw(composed(draw(st.permutations(names))))
    dims: list[int] = []
    given: dict[str, int] = {}
    for group in left:
        size = 1
        for name in group:
            size *= sizes[name]
        dims.append(size)
        for name in group[draw(st.integers(0, 1)) :] if len(group) > 1 else []:
            given[name] = sizes[name]
    sides = [text(left), text(right)]
    if draw(st.integers(0, 3)) == 0:
        ellipsis = draw(st.lists(st.integers(1, 3), max_size=2))
        dims = [*dims, *ellipsis]
        sides = [f"{sides[0]} ...", draw(st.sampled_from(["... ", "(...) "])) + sides[1]]
    pattern = " -> ".join(sides)
    at = draw(st.integers(0, len(pattern) - 1))
    wrong = draw(st.sampled_from(["", "", "", "drop", "insert", "size", "axis", "extra", "rank"]))
    if wrong == "drop":
        pattern = pattern[:at] + pattern[at + 1 :]
    elif wrong == "insert":
        pattern = pattern[:at] + draw(st.sampled_from("() .1az_->")) + pattern[at:]
    elif wrong == "size":
        dims[draw(st.integers(0, len(dims) - 1))] = draw(st.integers(1, 5))
    elif wrong == "axis" and given:
        given[draw(st.sampled_from(sorted(given)))] = draw(st.integers(-1, 4))
    elif wrong == "extra":
        given["z"] = 2
    elif wrong == "rank":
        dims.append(2)
    return pattern, given, dims


@settings(max_examples=1000)
@given(patterns())
def test_against_einops(case: tuple[str, dict[str, int], list[int]]) -> None:
    pattern, given_sizes, dims = case
    x, data = shape(*dims), torch.randn(dims)
    op = make("rearrange", pattern, tuple(given_sizes.items()))
    try:
        ours = op.shape(x)
    except Refused as refused:
        error = refused.error
        assert "{" not in error.said(error.title)
        with pytest.raises((einops.EinopsError, ValueError, ZeroDivisionError)), without_warnings():
            einops.rearrange(data, pattern, **given_sizes)
        return
    with without_warnings():
        theirs = einops.rearrange(data, pattern, **given_sizes)
    assert ours.at({}) == tuple(theirs.shape)
    assert torch.equal(run(op, [x], [data])[0], theirs)


@pytest.mark.parametrize(
    ("pattern", "sizes", "before", "after"),
    [
        ("n c h w -> n h w c", {}, 1, 3),
        ("n h w c -> n c h w", {}, 3, 1),
        ("n c h w -> n (h w) c", {}, 1, 2),
        ("n c (h a) (w b) -> n (a b c) h w", {"a": 2, "b": 2}, 1, 1),
        ("n (g c) h w -> n (c g) h w", {"g": 2}, 1, 1),
        ("n (g c) h w -> n g c h w", {"g": 2}, 1, None),
        ("n c h w -> n c h w", {}, None, None),
    ],
)
def test_where_the_channels_go(pattern: str, sizes: dict[str, int], before: int | None, after: int | None) -> None:
    op = make("rearrange", pattern, tuple(sizes.items()))
    assert op.shape(shape(1, 4, 4, 4, channel_axis=before)).channel_axis == after


def test_free_sizes_need_no_size_in_the_code() -> None:
    domain = Domain()
    height, width = domain.symbol("H"), domain.symbol("W")
    domain.assume_modulus("H", 4, 0)
    domain.assume_modulus("W", 4, 0)
    x = Shape([domain.symbol("N"), Dim.of(3), height, width])
    op = make("rearrange", "n c (h a) (w b) -> n (h w) (a b c)", (("a", 4), ("b", 4)))
    out = op.shape(x)
    assert out.channel_axis == 2
    for sizes in ({"N": 1, "H": 8, "W": 12}, {"N": 3, "H": 4, "W": 4}):
        data = torch.randn(x.at(sizes))
        ours = Runner(op, [data]).value(op.torch(x).function)
        assert tuple(ours.shape) == out.at(sizes)
        assert torch.equal(ours, einops.rearrange(data, op.pattern, a=4, b=4))


def test_a_free_size_that_does_not_divide_says_what_to_state() -> None:
    domain = Domain()
    x = Shape([domain.symbol("N"), Dim.of(3), domain.symbol("H", 224), Dim.of(8)])
    with pytest.raises(Refused) as refused:
        make("rearrange", "n c (h a) w -> n (a c) h w", (("a", 4),)).shape(x)
    error = refused.value.error
    assert error.said(error.label) == "not a multiple of 4, as at H = 225"
    assert error.said(error.help) == "say so of the input: `where H % 4 == 0`"


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("n c h w", "needs one `->` between what comes in and what goes out"),
        ("n c -> n", "has `c` on the left only; every number is kept, so it must go somewhere"),
        ("n c -> n c d", "has `d` on the right only; nothing is repeated, so it must come from somewhere"),
        ("n n -> n", "has `n` twice on one side"),
        ("n ((c) h) -> n c h", "has parentheses inside parentheses"),
        ("n (c h -> n c h", "has a `(` without its `)`"),
        ("n c) h -> n c h", "has a `)` without its `(`"),
        ("n 2 -> n 2", "has the number `2`; name the axis and give its size: 2 as `a`, a=2"),
        ("n c! -> n c", "has `!`, which means nothing there"),
    ],
)
def test_what_is_said_of_a_bad_pattern(pattern: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        make("rearrange", pattern).shape(shape(2, 3))
    error = refused.value.error
    assert error.said(error.title) == f"the pattern `{pattern}` {said}"
    assert refused.value.param == "pattern"
