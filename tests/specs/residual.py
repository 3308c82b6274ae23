"""Residual networks written by hand in PyTorch from the papers, with the keys of the specs."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


def projection(inputs: int, outputs: int, stride: int) -> nn.Module:
    return nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))


class Basic(nn.Module):
    """Two 3x3; `option` is one of Table 3's shortcuts, or none for a plain net."""

    widens = 1

    def __init__(self, inputs: int, width: int, stride: int, option: str = "B") -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, width, 3, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3), nn.BatchNorm2d(width)
        self.option, self.stride, self.more = option, stride, width - inputs
        changes = stride != 1 or inputs != width
        if option == "C" or (option == "B" and changes):
            self.downsample = projection(inputs, width, stride)

    def shortcut(self, x: Tensor) -> Tensor:
        if hasattr(self, "downsample"):
            return self.downsample(x)
        if self.option == "A":
            x = x[:, :, :: self.stride, :: self.stride]
            return torch.cat([x, x.new_zeros(len(x), self.more, *x.shape[2:])], 1)
        return x

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y if self.option == "plain" else y + self.shortcut(x))


class BottleneckV1(nn.Module):
    """The stride on the first 1x1."""

    widens = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, width, 1, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, width * 4, 1), nn.BatchNorm2d(width * 4)
        self.downsample = projection(inputs, width * 4, stride) if inputs != width * 4 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        return F.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class Preact(nn.Module):
    """Pre-activation (He et al. 2016). `way`: the unit has its own, shares it with the shortcut, or has none."""

    kernels: tuple[int, ...]

    def __init__(self, inputs: int, width: int, stride: int, way: str) -> None:
        super().__init__()
        outputs = width * self.widens
        if way != "none":
            self.bn1 = nn.BatchNorm2d(inputs)
        sizes = [inputs, *[width] * (len(self.kernels) - 1), outputs]
        strided = self.kernels.index(3)
        for k, kernel in enumerate(self.kernels):
            self.add_module(f"conv{k + 1}", conv(sizes[k], sizes[k + 1], kernel, stride if k == strided else 1))
            if k:
                self.add_module(f"bn{k + 1}", nn.BatchNorm2d(sizes[k]))
        if stride != 1 or inputs != outputs:
            self.downsample = conv(inputs, outputs, 1, stride)
        self.way = way

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.way == "none" else F.relu(self.bn1(x))
        x = y if self.way == "shared" else x
        y = self.conv1(y)
        for k in range(2, len(self.kernels) + 1):
            y = getattr(self, f"conv{k}")(F.relu(getattr(self, f"bn{k}")(y)))
        return y + (self.downsample(x) if hasattr(self, "downsample") else x)


class PreactBasic(Preact):
    widens, kernels = 1, (3, 3)


class PreactBottleneck(Preact):
    widens, kernels = 4, (1, 3, 1)


class Net(nn.Module):
    """Stem, stages, pool, classifier. `ways`: of each stage's first unit and of the others, for pre-activation."""

    def __init__(
        self,
        unit: type[nn.Module] | partial[nn.Module],
        depths: list[int],
        *,
        cifar: bool,
        classes: int,
        ways: tuple[str, ...] = (),
        widen: int = 1,
    ) -> None:
        super().__init__()
        made = unit.func if isinstance(unit, partial) else unit
        width = 16 if cifar else 64
        self.conv1 = conv(3, width, 3) if cifar else conv(3, width, 7, 2)
        self.bn1 = nn.Identity() if ways and ways[0] == "shared" else nn.BatchNorm2d(width)
        self.pool = nn.Identity() if cifar else nn.MaxPool2d(3, 2, 1)
        inputs = width
        for i, depth in enumerate(depths):
            units: list[nn.Module] = []
            for j in range(depth):
                way = [(*ways, "shared")[min(i, 1)] if j == 0 else "own"] if ways else []
                units.append(unit(inputs, width * widen * 2**i, 2 if i and j == 0 else 1, *way))
                inputs = width * widen * 2**i * made.widens
            self.add_module(f"layer{i + 1}", nn.Sequential(*units))
        self.norm = nn.BatchNorm2d(inputs) if ways else nn.Identity()
        self.fc = nn.Linear(inputs, classes)
        self.bare = bool(ways) and ways[0] == "shared"

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = self.pool(x if self.bare else F.relu(self.bn1(x)))
        for name, stage in self.named_children():
            x = stage(x) if name.startswith("layer") else x
        if isinstance(self.norm, nn.BatchNorm2d):
            x = F.relu(self.norm(x))
        return self.fc(x.mean((2, 3), keepdim=True).flatten(1))
