"""Emitted modules under `torch.compile` and `torch.export`, with a free batch size."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import archdsl

BLOCKS = """\
block unit(width, act = relu, wide = true) {
    residual(drop=0.1) {
        conv(width, 3x3, pad=1) -> bn -> act
        if wide { mid: conv(width, 1x1) }
    } shortcut { if @in.channels != width { project: conv(width, 1x1) } }
}
network net {
    input image: [N, 3, 8, 8]
    stage: { unit(8) -> unit(8, tanh, false) * 2 }
    "towers.a": conv(4, 1x1)
    inception { conv(4, 1x1); { conv(4, 1x1) -> scale } }
    { let before = @; conv(8, 1x1); mul(@, before) }
    avgpool(out=1x1) -> flatten
    fc: linear(5)
}
"""


@pytest.fixture
def model() -> nn.Module:
    return archdsl.loads(BLOCKS, name="net.arch").eval()


def test_one_graph_for_torch_compile(model: nn.Module) -> None:
    x = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(torch.compile(model, fullgraph=True, backend="eager")(x), model(x))


def test_export_with_a_free_batch_size(model: nn.Module) -> None:
    exported = torch.export.export(model, (torch.randn(2, 3, 8, 8),), dynamic_shapes=({0: torch.export.Dim("N")},))
    x = torch.randn(5, 3, 8, 8)
    torch.testing.assert_close(exported.module()(x), model(x))
