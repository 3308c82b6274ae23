"""googlenet, compiled by archdsl from googlenet.arch (sha256 6a0d57522bb6). Edit the spec, not this file."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Cbr(nn.Module):  # googlenet.arch:1
    def __init__(self, in_channels: int, width: int, kernel: int, stride: int = 1, pad: int = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, width, kernel, stride=stride, padding=pad, bias=False)
        self.bn = nn.BatchNorm2d(width, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)  # googlenet.arch:1


class Unit(nn.Module):  # googlenet.arch:11
    def __init__(self, in_channels: int, width: int, stride: int = 1, *, conv: bool = False) -> None:
        super().__init__()
        self.conv = conv
        self.add_module("0", nn.Conv2d(in_channels, width, 3, stride=stride, padding=1))
        self.add_module("1", nn.BatchNorm2d(width))
        if conv:
            self.add_module("2", nn.Conv2d(in_channels, width, 1, stride=2))

    def forward(self, x: Tensor) -> Tensor:
        y = getattr(self, "1")(getattr(self, "0")(x))  # googlenet.arch:11
        x = getattr(self, "2")(x) if self.conv else x  # googlenet.arch:11
        y += x  # googlenet.arch:11
        return F.relu(y, inplace=True)  # googlenet.arch:12


class Inc(nn.Module):  # googlenet.arch:2
    def __init__(self, in_channels: int, a: int, b3: int, b: int, c3: int, c: int, d: int) -> None:
        super().__init__()
        self.branch1 = Cbr(in_channels, a, 1)
        self.branch2 = nn.Sequential(
            Cbr(in_channels, b3, 1),
            Cbr(b3, b, 3, pad=1),
        )
        self.branch3 = nn.Sequential(
            Cbr(in_channels, c3, 1),
            Cbr(c3, c, 3, pad=1),
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1, ceil_mode=True),
            Cbr(in_channels, d, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.branch1(x)  # googlenet.arch:4
        z = self.branch2(x)  # googlenet.arch:5
        u = self.branch3(x)  # googlenet.arch:6
        x = self.branch4(x)  # googlenet.arch:7
        return torch.cat([y, z, u, x], 1)  # googlenet.arch:3


class Googlenet(nn.Module):  # googlenet.arch:13
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = Cbr(3, 64, 7, 2, 3)
        self.inception3a = Inc(64, 64, 96, 128, 16, 32, 32)
        self.inception3b = Inc(256, 128, 128, 192, 32, 96, 64)
        self.s1 = nn.Sequential(
            Unit(480, 32, 2, conv=True),
            Unit(32, 32),
        )
        self.s2 = nn.Sequential(
            Unit(32, 64, 2, conv=True),
            *(Unit(64, 64) for _ in range(4)),
        )
        self.s3 = nn.Sequential(Unit(64, 64, 2, conv=True))
        self.fc = nn.Linear(64, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = F.max_pool2d(self.conv1(image), 3, stride=2, ceil_mode=True)  # googlenet.arch:15
        x = self.inception3a(x)  # googlenet.arch:16
        x = self.inception3b(x)  # googlenet.arch:17
        x = F.max_pool2d(x, 3, stride=2, ceil_mode=True)  # googlenet.arch:18
        x = self.s1(x)  # googlenet.arch:19
        x = self.s2(x)  # googlenet.arch:19
        x = self.s3(x)  # googlenet.arch:19
        x = F.dropout(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1), 0.2, self.training)  # googlenet.arch:20
        return self.fc(x)  # googlenet.arch:21
