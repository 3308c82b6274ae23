"""Arguments and inputs for ops, tiny and mostly good: about every other case has one thing wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archdsl.ir.shape import Shape
from archdsl.ops.op import Op
from tests.ops.judge import make, shape

Case = tuple[Op, tuple[Shape, ...]]


def sizes(low: int, high: int) -> Callable[[int], SearchStrategy[Any]]:
    """A number or, for that many axes, several."""
    numbers = st.integers(low, high)
    return lambda axes: numbers | st.tuples(*[numbers] * axes)


def choice(*values: Any) -> Callable[[int], SearchStrategy[Any]]:
    return lambda axes: st.sampled_from(values)


def param(
    good: Callable[[int], SearchStrategy[Any]], *bad: Any, needed: bool = False
) -> tuple[Callable[[int], SearchStrategy[Any]], tuple[Any, ...], bool]:
    """A parameter: what is drawn for it, what is wrong for it, whether it is always given."""
    return good, bad, needed


@st.composite
def inputs(draw: DrawFn, ranks: tuple[int, ...], channels: tuple[int, ...], dtypes: tuple[str, ...]) -> Shape:
    rank = draw(st.sampled_from(ranks))
    rest = draw(st.lists(st.integers(1, 7), min_size=max(0, rank - 2), max_size=max(0, rank - 2)))
    known = [draw(st.integers(1, 2)), draw(st.sampled_from(channels)), *rest]
    return shape(*known[:rank], dtype=draw(st.sampled_from(dtypes)))


@st.composite
def cases(
    draw: DrawFn,
    name: str,
    params: Mapping[str, tuple[Callable[[int], SearchStrategy[Any]], tuple[Any, ...], bool]],
    *,
    ranks: tuple[int, ...] = (3, 4, 5),
    bad_ranks: tuple[int, ...] = (2, 6),
    channels: tuple[int, ...] = (2, 4, 6),
    dtypes: tuple[str, ...] = ("float32",),
    bad_dtypes: tuple[str, ...] = ("int64", "float64", "bool"),
) -> Case:
    """One op and an input for it; at most one of input's rank, its dtype and the parameters is wrong."""
    wrong = draw(st.sampled_from([None] * (len(params) + 2) + ["rank", "dtype", *params]))
    x = draw(inputs(bad_ranks if wrong == "rank" else ranks, channels, bad_dtypes if wrong == "dtype" else dtypes))
    axes = max(1, x.rank - 2)
    given: dict[str, Any] = {}
    for param_name, (good, bad, needed) in params.items():
        if wrong == param_name and bad:
            given[param_name] = draw(st.sampled_from(bad))
        elif needed or draw(st.booleans()):
            given[param_name] = draw(good(axes))
    return make(name, **given), (x,)
