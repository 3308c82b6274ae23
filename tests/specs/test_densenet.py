"""DenseNet's forms that no package has: against networks written by hand, and the papers' own arithmetic."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archdsl
from tests.specs.by_hand import Tensors, assert_same, load
from tests.specs.read import SPECS


def cifar(t: Tensors, x: Tensor, layers: int) -> Tensor:
    """Section 3: layer l sees the maps of all layers before it, side by side. H is bn, relu, conv."""
    x = t.conv("features.conv0", x, pad=1)
    for block in (1, 2, 3):
        for layer in range(1, layers + 1):
            name = f"features.denseblock{block}.denselayer{layer}"
            y = F.relu(t.bn(f"{name}.norm1", x))
            if t.has(f"{name}.conv2.weight"):  # B: a 1x1 to 4k maps first
                y = F.relu(t.bn(f"{name}.norm2", t.conv(f"{name}.conv1", y)))
                y = t.conv(f"{name}.conv2", y, pad=1)
            else:
                y = t.conv(f"{name}.conv1", y, pad=1)
            x = torch.cat([x, y], 1)
        if block < 3:
            name = f"features.transition{block}"
            x = F.avg_pool2d(t.conv(f"{name}.conv", F.relu(t.bn(f"{name}.norm", x))), 2)
    return t.linear("classifier", F.relu(t.bn("features.norm", x)).mean((2, 3)))


@pytest.mark.parametrize("compression", [1.0, 0.5], ids=["", "C"])
@pytest.mark.parametrize("bottleneck", [False, True], ids=["", "B"])
def test_cifar_forms(bottleneck: bool, compression: float) -> None:
    depth = 4 + 3 * 3 * (2 if bottleneck else 1)
    module = load(
        "densenet.arch", "densenet_cifar", depth=depth, growth=5, bottleneck=bottleneck, compression=compression
    )
    assert_same(module, lambda t, x: cifar(t, x, layers=3), torch.randn(2, 3, 32, 24))


def test_compression_rounds_down() -> None:
    """16 + 3 * 5 = 31 maps, of which floor(0.5 * 31) go on."""
    module = load("densenet.arch", "densenet_cifar", depth=13, growth=5, compression=0.5)
    assert module.get_parameter("features.transition1.conv.weight").shape == (15, 31, 1, 1)


def plain(t: Tensors, x: Tensor, layers: int) -> Tensor:
    """Figure 2."""
    x = t.conv("conv0", x, pad=1)
    for block in (1, 2, 3):
        maps = [x]
        for layer in range(1, layers + 1):
            seen = torch.cat(maps, 1)
            maps.append(F.relu(t.conv(f"block{block}.denselayer{layer}.0", seen, pad=1)))
        x = torch.cat(maps, 1)
        if block < 3:
            x = F.avg_pool2d(t.conv(f"conv{block}", x), 2)
    return t.linear("fc", x.mean((2, 3)))


def test_plain_form() -> None:
    module = load("densenet.arch", "densenet_plain", layers=3, growth=4)
    assert_same(module, lambda t, x: plain(t, x, layers=3), torch.randn(2, 3, 16, 24))


def params(depth: int, growth: int, bottleneck: bool) -> int:
    """By arithmetic alone, with a compression of a half where there are bottlenecks, for ten classes."""
    maps = 2 * growth if bottleneck else 16
    total = 3 * 9 * maps
    for block in range(3):
        for _ in range((depth - 4) // (6 if bottleneck else 3)):
            inner = 4 * growth
            total += 2 * maps + (maps * inner + 2 * inner + 9 * inner * growth if bottleneck else 9 * maps * growth)
            maps += growth
        if block < 2:
            kept = maps // 2 if bottleneck else maps
            total += 2 * maps + maps * kept
            maps = kept
    return total + 2 * maps + 10 * maps + 10


@pytest.mark.parametrize(
    ("variant", "depth", "growth", "bottleneck", "millions"),
    [
        ("densenet40_k12", 40, 12, False, "1.0"),
        ("densenet100_k12", 100, 12, False, "7.0"),
        ("densenet100_k24", 100, 24, False, "27.2"),
        ("densenet_bc100_k12", 100, 12, True, "0.8"),
        ("densenet_bc250_k24", 250, 24, True, "15.3"),
        ("densenet_bc190_k40", 190, 40, True, "25.6"),
    ],
)
def test_parameters_are_those_of_table_2(
    variant: str, depth: int, growth: int, bottleneck: bool, millions: str
) -> None:
    expected = params(depth, growth, bottleneck)
    built = archdsl.load(SPECS / "densenet.arch", variant=variant, device="meta")
    assert sum(p.numel() for p in built.parameters()) == expected
    assert f"{expected / 1e6:.1f}" == millions


def test_dropout_is_behind_each_convolution_but_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    module = archdsl.load(SPECS / "densenet.arch", variant="densenet40_k12_dropout", depth=10)
    seen: list[tuple[int, ...]] = []

    def dropout(x: Tensor, p: float, training: bool, *_: object) -> Tensor:
        assert (p, training) == (0.2, True)
        seen.append(tuple(x.shape[1:]))
        return x

    monkeypatch.setattr(F, "dropout", dropout)
    module(torch.randn(2, 3, 32, 32))
    layers, maps = [(12, 32, 32)] * 2, 16 + 2 * 12
    assert seen[:3] == [*layers, (maps, 32, 32)], "what a convolution made, before it is pooled"
    assert len(seen) == sum(isinstance(child, nn.Conv2d) for child in module.modules()) - 1
