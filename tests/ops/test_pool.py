"""Pools against PyTorch."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from archdsl.ops.op import GLOBAL, Refused, Window
from tests.ops.judge import check_free, judge, make, shape
from tests.ops.strategies import Case, cases, choice, param, sizes

KERNEL = param(sizes(1, 3), 0, -1, (1, 1, 1, 2), 9, needed=True)
STRIDE = param(sizes(1, 3), 0, -1, (1, 0))
PAD = param(sizes(0, 1), -1, 3, (0, -1))
CEIL = param(choice(True, False))


def check(case: Case) -> None:
    op, (x,) = case
    if judge(op, x):
        check_free(op, x.at({}), start=0)


@settings(max_examples=250)
@given(
    cases("maxpool", {"kernel": KERNEL, "stride": STRIDE, "pad": PAD, "ceil": CEIL, "dilation": param(sizes(1, 2), 0)})
)
def test_maxpool(case: Case) -> None:
    check(case)


@settings(max_examples=250)
@given(cases("avgpool", {"kernel": KERNEL, "stride": STRIDE, "pad": PAD, "ceil": CEIL, "count_pad": CEIL}))
def test_avgpool(case: Case) -> None:
    check(case)


@given(
    cases(
        "lppool",
        {"kernel": KERNEL, "norm_type": param(choice(1.0, 2.0, 3.5), 0.0, -1.0), "stride": STRIDE, "ceil": CEIL},
    )
)
def test_lppool(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("name", ["maxpool", "avgpool"])
def test_adaptive(name: str) -> None:
    @given(cases(name, {"out": param(sizes(1, 4), 0, -1, (1, 1, 1, 2), needed=True), "pad": param(choice(0), 1)}))
    def run(case: Case) -> None:
        check(case)

    run()


@pytest.mark.parametrize("name", ["maxpool", "avgpool"])
def test_a_pool_without_kernel_and_out(name: str) -> None:
    with pytest.raises(Refused) as refused:
        make(name).shape(shape(1, 3, 8, 8))
    assert refused.value.error.code == "E0508"


def test_the_stride_is_the_kernel_by_default() -> None:
    x = shape(1, 3, 9, 9)
    assert repr(make("maxpool", 3).window(x)) == repr(Window((3, 3), (3, 3)))
    assert repr(make("maxpool", (3, 2), stride=2, dilation=2).window(x)) == repr(Window((5, 3), (2, 2)))
    assert make("avgpool", out=1).window(x) is GLOBAL
