"""U-Net by hand: Figure 1's arithmetic, with and without padding."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.specs.by_hand import Tensors, assert_same, load
from tests.specs.read import layers, program


def convs(t: Tensors, name: str, x: Tensor, pad: int) -> Tensor:
    return F.relu(t.conv(f"{name}.2", F.relu(t.conv(f"{name}.0", x, pad=pad)), pad=pad))


def crop(x: Tensor, height: int, width: int) -> Tensor:
    """Its middle."""
    top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, top : top + height, left : left + width]


def unet(t: Tensors, x: Tensor, depth: int, pad: int) -> Tensor:
    skips: list[Tensor] = []
    for level in range(depth):
        x = convs(t, f"down{level}", F.max_pool2d(x, 2) if level else x, pad)
        skips.append(x)
    for level in reversed(range(depth - 1)):
        up = f"up{level}"
        x = F.conv_transpose2d(x, t[f"{up}.upconv.weight"], t[f"{up}.upconv.bias"], stride=2)
        x = convs(t, f"{up}.convs", torch.cat([crop(skips[level], *x.shape[2:]), x], 1), pad)
    return t.conv("head", x)


def test_padded_form_at_any_size() -> None:
    module = load("unet.arch", "unet", widths=[4, 6, 8, 10, 12])
    for size in ((64, 48), (16, 80)):
        assert_same(module, lambda t, x: unet(t, x, depth=5, pad=1), torch.randn(2, 1, *size))


def test_the_papers_form_crops_its_skips() -> None:
    module = load("unet.arch", "unet_2015", widths=[2, 3, 4, 5, 6])
    x = torch.randn(1, 1, 572, 572)
    assert_same(module, lambda t, x: unet(t, x, depth=5, pad=0), x)


@pytest.mark.parametrize("variant", ["unet_2015"])
def test_sizes_are_those_of_figure_1(variant: str) -> None:
    figure = [570, 568, 282, 280, 138, 136, 66, 64, 30, 28, 54, 52, 102, 100, 198, 196, 390, 388, 388]
    found = [shape.dims[2].constant for op, shape in layers(program("unet.arch", variant).graph) if op.name == "conv"]
    assert found == figure
