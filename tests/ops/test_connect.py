"""Connection tables, and sizes rounded up: convolutions that torch.nn has no class for, against those that it has."""

from __future__ import annotations

from math import ceil
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from archdsl.ops.op import Op, Refused
from tests.ops.judge import check_free, judge, make, module_of, shape
from tests.ops.strategies import Case, cases, choice, param, sizes

C3 = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (4, 5, 0), (5, 0, 1)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (3, 4, 5, 0), (4, 5, 0, 1), (5, 0, 1, 2)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)
"""LeCun et al. 1998, Table I."""


def lenet_c3() -> tuple[Op, nn.Module]:
    op = make("conv", 16, (5, 5), connect=C3)
    torch.manual_seed(0)
    return op, module_of(op, op.torch(shape(1, 6, 14, 14)))


def dense_twin(module: nn.Module, connect: tuple[tuple[int, ...], ...], dense: nn.Module) -> nn.Module:
    """An ordinary convolution with the same kernels, and zeros where there is no link."""
    kernels = iter(module.get_parameter("weight"))
    with torch.no_grad():
        dense.get_parameter("weight").zero_()
        for output, maps in enumerate(connect):
            for seen in maps:
                dense.get_parameter("weight")[output, seen] = next(kernels)
        dense.get_parameter("bias").copy_(module.get_parameter("bias"))
    return dense


def test_c3_of_lenet5() -> None:
    op, module = lenet_c3()
    x = shape(1, 6, 14, 14)
    assert judge(op, x) == shape(1, 16, 10, 10)
    assert sum(map(len, C3)) == 60
    assert sum(p.numel() for p in module.parameters()) == 1516
    assert op.macs((x.at({}),), (1, 16, 10, 10)) + 16 * 100 == 151_600, "the paper's connections"


def test_it_is_a_dense_convolution_with_zeros() -> None:
    _, module = lenet_c3()
    dense = dense_twin(module, C3, nn.Conv2d(6, 16, 5))
    x, y = (torch.arange(2352.0).reshape(2, 6, 14, 14).sin().requires_grad_() for _ in range(2))
    ours, theirs = module(x), dense(y)
    assert torch.equal(ours, theirs)
    ours.square().sum().backward()
    theirs.square().sum().backward()
    assert torch.equal(x.grad, y.grad)  # type: ignore[arg-type]
    gradients = dense.get_parameter("weight").grad
    assert gradients is not None
    linked = torch.stack([gradients[output, seen] for output, maps in enumerate(C3) for seen in maps])
    assert torch.equal(module.get_parameter("weight").grad, linked)  # type: ignore[arg-type]


@pytest.mark.parametrize("rank", [3, 4, 5])
def test_other_options_and_ranks(rank: int) -> None:
    table = ((2, 0), (1,), (0, 1, 2))
    x = torch.rand(2, 3, *[9] * (rank - 2))
    op = make("conv", 3, 3, connect=table, stride=2, pad=1, dilation=2)
    judge(op, shape(*x.shape))
    module = module_of(op, op.torch(shape(*x.shape)))
    cls = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 3]
    assert torch.equal(module(x), dense_twin(module, table, cls(3, 3, 3, stride=2, padding=1, dilation=2))(x))
    without_bias = make("conv", 3, 3, connect=table, bias=False)
    judge(without_bias, shape(*x.shape))


def test_kernels_start_by_what_their_map_sees() -> None:
    """Uniform within 1 / sqrt(fan_in), as nn.Conv2d's."""
    _, module = lenet_c3()
    kernels = iter(module.get_parameter("weight"))
    for maps, bias in zip(C3, module.get_parameter("bias")):
        bound = (len(maps) * 25) ** -0.5
        drawn = torch.stack([next(kernels) for _ in maps])
        assert bound * 0.9 < drawn.abs().max() <= bound
        assert abs(bias) <= bound


@pytest.mark.parametrize(
    ("params", "code", "said"),
    [
        ({"connect": ((0,),)}, "E0512", "`connect` of `conv` has 1 rows"),
        ({"connect": ((0,), ())}, "E0512", "`connect` of `conv` links output map 1 with nothing"),
        ({"connect": ((0,), (3,))}, "E0512", "`connect` of `conv` links output map 1 with input map 3"),
        ({"connect": ((-1,), (0,))}, "E0512", "`connect` of `conv` links output map 0 with input map -1"),
        ({"connect": ((1, 1), (0,))}, "E0512", "`connect` of `conv` lists an input map twice for output map 0"),
        ({"connect": ((0,), (1,)), "ceil": True}, "E0509", "`connect` and `ceil` of `conv` exclude one another"),
    ],
)
def test_tables_that_do_not_fit(params: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        make("conv", 2, 3, **params).shape(shape(1, 3, 8, 8))
    error = refused.value.error
    assert (error.code, error.said(error.title)) == (code, said)


@given(
    cases(
        "conv",
        {
            "channels": param(choice(2, 4), needed=True),
            "kernel": param(sizes(1, 3), needed=True),
            "stride": param(sizes(1, 4)),
            "pad": param(sizes(0, 2)),
            "dilation": param(sizes(1, 2)),
            "groups": param(choice(1, 2)),
            "ceil": param(choice(True), needed=True),
        },
        ranks=(4,),
        bad_ranks=(3, 5),
    )
)
def test_ceil(case: Case) -> None:
    op, (x,) = case
    if judge(op, x):
        check_free(op, x.at({}), start=2)


@given(st.integers(7, 20), st.integers(1, 3), st.integers(1, 5), st.integers(0, 2), st.integers(1, 2))
def test_ceil_is_a_convolution_of_maps_with_zeros_behind(
    size: int, kernel: int, stride: int, pad: int, dilation: int
) -> None:
    options = {"stride": stride, "dilation": dilation}
    op, x = make("conv", 2, kernel, pad=pad, ceil=True, **options), torch.rand(1, 3, size, size)
    module = module_of(op, op.torch(shape(*x.shape)))
    weight, bias = module.get_parameter("weight"), module.get_parameter("bias")
    rounded_up = ceil((size + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1
    wide = F.conv2d(F.pad(x, (pad, pad + 99) * 2), weight, bias, **options)
    torch.testing.assert_close(module(x), wide[..., :rounded_up, :rounded_up])


def test_alexnet_at_224_without_padding() -> None:
    """cuda-convnet2 makes 55 of it; rounded down it is 54."""
    assert repr(make("conv", 96, 11, stride=4, ceil=True).shape(shape(1, 3, 224, 224))) == "[1, 96, 55, 55]"
    assert repr(make("conv", 96, 11, stride=4).shape(shape(1, 3, 224, 224))) == "[1, 96, 54, 54]"
