"""Sizes along spatial axes against real PyTorch on the CPU, at tiny sizes; plain numbers and free sizes alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import pytest
import torch
from torch import nn

from archdsl.ir.dim import Dim, Domain
from archdsl.ops.op import Refused
from archdsl.ops.spatial import conv_size, conv_transpose_size, pool_size, sizes


def options(**choices: list[object] | range) -> Iterator[dict[str, int]]:
    for values in product(*choices.values()):
        yield dict(zip(choices, values))


def compare(layer: nn.Module, size: Callable[[Dim], Dim]) -> None:
    """Where PyTorch takes an input it makes it as long as we say; where it refuses one, we say less than 1."""
    formula = size(Domain().symbol("H"))
    for n in range(1, 14):
        ours = size(Dim.of(n))
        assert ours.why is None
        assert ours.constant == formula.at({"H": n})
        try:
            theirs = layer(torch.zeros(1, 1, n)).shape[2]
        except RuntimeError:
            theirs = 0
        assert theirs == max(0, ours.at({})), f"{layer} at {n}"


@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
def test_conv(kernel: int) -> None:
    for o in options(stride=[1, 2, 3], padding=[0, 1, 2, 4], dilation=[1, 2, 3]):
        layer = nn.Conv1d(1, 1, kernel, **o)
        compare(layer, partial(conv_size, kernel=kernel, stride=o["stride"], pad=o["padding"], dilation=o["dilation"]))


@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
def test_max_pool(kernel: int, ceil: bool) -> None:
    for o in options(stride=[1, 2, 3, 4, 6], padding=range(kernel // 2 + 1), dilation=[1, 2, 3]):
        layer = nn.MaxPool1d(kernel, ceil_mode=ceil, **o)
        rule = partial(pool_size, kernel=kernel, stride=o["stride"], pad=o["padding"], dilation=o["dilation"])
        compare(layer, partial(rule, ceil=ceil))


@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
def test_avg_pool(kernel: int, ceil: bool) -> None:
    for o in options(stride=[1, 2, 3, 4, 6], padding=range(kernel // 2 + 1)):
        layer = nn.AvgPool1d(kernel, ceil_mode=ceil, **o)
        compare(layer, partial(pool_size, kernel=kernel, stride=o["stride"], pad=o["padding"], ceil=ceil))


@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
def test_conv_transpose(kernel: int) -> None:
    for o in options(stride=[1, 2, 3], padding=[0, 1, 2], dilation=[1, 2, 3], output_padding=[0, 1, 2]):
        if o["output_padding"] < max(o["stride"], o["dilation"]):
            layer = nn.ConvTranspose1d(1, 1, kernel, **o)
            rule = partial(conv_transpose_size, kernel=kernel, stride=o["stride"], pad=o["padding"])
            compare(layer, partial(rule, dilation=o["dilation"], output_pad=o["output_padding"]))


def test_sizes() -> None:
    assert sizes(3, 2, op="conv", param="kernel") == (3, 3)
    assert sizes((1, 7), 2, op="conv", param="kernel") == (1, 7)
    with pytest.raises(Refused) as caught:
        sizes((3, 3), 1, op="conv", param="stride")
    assert caught.value.param == "stride"
    assert caught.value.error.code == "E0503"
