"""Convolutions against PyTorch."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.ir.dim import Dim, Domain
from archdsl.ir.shape import Shape
from archdsl.ops.op import Refused
from tests.ops.judge import check_free, check_macs, judge, make, shape
from tests.ops.strategies import Case, cases, choice, param, sizes

BOTH = {
    "channels": param(choice(2, 4, 6), 0, -1, 3, needed=True),
    "kernel": param(sizes(1, 3), 0, -1, (1, 1, 1, 2), 9, needed=True),
    "stride": param(sizes(1, 3), 0, -1, (1, 0)),
    "pad": param(sizes(0, 2), -1, (0, -1)),
    "dilation": param(sizes(1, 2), 0, -1, 5),
    "groups": param(choice(1, 2), 0, -1, 4, 5),
    "bias": param(choice(True, False)),
}


@settings(max_examples=250)
@given(cases("conv", BOTH))
def test_conv(case: Case) -> None:
    op, (x,) = case
    if judge(op, x):
        check_macs(op, x)
        check_free(op, x.at({}), start=2)


@settings(max_examples=250)
@given(cases("conv_transpose", {**BOTH, "output_pad": param(sizes(0, 1), 2, 3, -1)}))
def test_conv_transpose(case: Case) -> None:
    op, (x,) = case
    if judge(op, x):
        check_macs(op, x)
        check_free(op, x.at({}), start=2)


@pytest.mark.parametrize("output_pad", [0, 1, 2, 3])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2), (3, 2), (2, 3)])
def test_output_pad_is_below_stride_or_dilation(stride: int, dilation: int, output_pad: int) -> None:
    judge(
        make("conv_transpose", 2, 3, stride=stride, dilation=dilation, output_pad=output_pad),
        shape(2, 2, 5),
    )


@pytest.mark.parametrize("channels", [10**15, 3 * 10**15])
def test_enormous_layers_are_only_numbers(channels: int) -> None:
    op = make("conv", channels, 3, pad=1)
    x = shape(1, 3, 8, 8)
    assert op.shape(x).at({}) == (1, channels, 8, 8)
    assert op.state(x)[0].shape == (channels, 3, 3, 3)
    assert op.macs((x.at({}),), (1, channels, 8, 8)) == channels * 64 * 27


def test_groups_that_do_not_divide_propose_others() -> None:
    with pytest.raises(Refused) as refused:
        make("conv", 64, 3, groups=5).shape(shape(1, 48, 8, 8))
    error = refused.value.error
    assert error.said(error.title) == "5 groups do not divide 48 input channels"
    assert error.said(error.help) == "4 or 8 would divide 48 and 64"
    assert refused.value.param == "groups"


def test_a_kernel_that_is_too_large_says_by_how_much() -> None:
    with pytest.raises(Refused) as refused:
        make("conv", 64, 7).shape(shape(1, 3, 5, 5))
    error = refused.value.error
    assert error.code == "E0310"
    assert error.said(error.label) == "a window spans 7, the padded map only 5"
    assert error.said(error.help) == "a kernel that spans at most 5, or pad=1"


def test_a_free_size_is_bounded_by_the_kernel() -> None:
    domain = Domain()
    size = domain.symbol("H", 224)
    x = Shape([domain.symbol("N"), Dim.of(3), size, size])
    make("conv", 8, 7).shape(x)
    assert domain.describe("H") == "H >= 7"


def test_free_channels_are_refused() -> None:
    domain = Domain()
    x = Shape([domain.symbol("N"), domain.symbol("C"), Dim.of(8), Dim.of(8)])
    with pytest.raises(Refused) as refused:
        make("conv", 8, 3).shape(x)
    assert refused.value.error.code == "E0313"


@given(st.sampled_from([0, 2, 3, None]))
def test_channels_must_be_axis_1(axis: int | None) -> None:
    with pytest.raises(Refused) as refused:
        make("conv", 8, 3).shape(shape(1, 3, 8, 8, channel_axis=axis))
    assert refused.value.error.code == "E0312"
