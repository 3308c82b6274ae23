"""flatten, slice, select, expand, identity against PyTorch."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from archdsl.ir.dim import Dim, Domain
from archdsl.ir.shape import Shape
from archdsl.ops.op import Refused
from tests.ops.judge import check_free, judge, make, shape
from tests.ops.strategies import Case, cases, choice, param

ALL = {"ranks": (2, 3, 4, 5), "bad_ranks": (1,), "bad_dtypes": ("int64", "bool")}
AXIS = param(choice(0, 1, -1), 5, 6, needed=True)


def check(case: Case) -> None:
    op, (x,) = case
    if judge(op, x):
        check_free(op, x.at({}))


@settings(max_examples=150)
@given(cases("flatten", {"start": param(choice(1, 0, -2), 5, -6), "end": param(choice(-1, 1, 2), 0, 5, -6)}, **ALL))
def test_flatten(case: Case) -> None:
    check(case)


@settings(max_examples=200)
@given(
    cases(
        "slice",
        {
            "axis": AXIS,
            "start": param(choice(0, 1, -1, -2), 9),
            "stop": param(choice(None, 1, 2, -1), 0, -9, 9),
            "step": param(choice(1, 2, 3), 0, -1),
        },
        **ALL,
    )
)
def test_slice(case: Case) -> None:
    check(case)


@given(cases("select", {"axis": AXIS, "index": param(choice(0, -1, 1), 9, -9, needed=True)}, **ALL))
def test_select(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("sizes", [(1, 2, 3), (-1, 2, -1), (4, 2, 3), (1, 4, 3), (1, 2), (-2, 2, 3), (0, 2, 3)])
def test_expand(sizes: tuple[int, ...]) -> None:
    judge(make("expand", sizes), shape(1, 2, 3))


@pytest.mark.parametrize("like", [(4, 7), (2,), (1, 1, 1)])
@pytest.mark.parametrize("x", [(1, 2, 3), (1, 5), (4, 2), (2, 2)])
@pytest.mark.parametrize("sizes", [None, (-1, 2), (-1, 2, 3), (-1, 7)])
def test_expand_to_a_batch(sizes: tuple[int, ...] | None, x: tuple[int, ...], like: tuple[int, ...]) -> None:
    judge(make("expand", sizes), shape(*x), shape(*like))


@given(cases("identity", {}, **ALL))
def test_identity(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("name", "params", "before", "after"),
    [
        ("flatten", {}, 1, 1),
        ("flatten", {}, 3, 1),
        ("flatten", {"start": 2}, 1, 1),
        ("flatten", {"start": 1, "end": 2}, 3, 2),
        ("select", {"axis": 1, "index": 0}, 1, None),
        ("select", {"axis": 1, "index": 0}, 3, 2),
        ("select", {"axis": 3, "index": 0}, 1, 1),
        ("expand", {"sizes": (-1, -1, -1, -1)}, 3, 3),
        ("slice", {"axis": 1}, 3, 3),
    ],
)
def test_where_the_channels_go(name: str, params: dict[str, object], before: int, after: int | None) -> None:
    assert make(name, **params).shape(shape(2, 3, 4, 5, channel_axis=before)).channel_axis == after


def test_a_slice_of_a_free_size_bounds_it() -> None:
    domain = Domain()
    x = Shape([domain.symbol("N"), Dim.of(3), domain.symbol("L", 20)])
    assert str(make("slice", 2, 3, -2).shape(x).dims[2]) == "L - 5"
    assert domain.describe("L") == "L >= 6"


def test_a_slice_beyond_the_nominal_size_is_refused() -> None:
    domain = Domain()
    x = Shape([domain.symbol("N"), Dim.of(3), domain.symbol("L", 20)])
    with pytest.raises(Refused) as refused:
        make("slice", 2, 0, 30).shape(x)
    assert refused.value.error.code == "E0511"
    assert refused.value.param == "stop"
