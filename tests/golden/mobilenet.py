"""mobilenet, compiled by archdsl from mobilenet.arch (sha256 8f142f209e17). Edit the spec, not this file."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConvBn(nn.Sequential):  # mobilenet.arch:1
    def __init__(
        self,
        in_channels: int,
        width: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        act: Callable[..., nn.Module] = nn.Identity,
        *,
        activated: bool = True,
    ) -> None:
        super().__init__(
            nn.Conv2d(in_channels, width, kernel, stride=stride, padding=(kernel - 1) // 2, groups=groups, bias=False),
            nn.BatchNorm2d(width, eps=0.001, momentum=0.01),
        )
        if activated:
            self.append(act(inplace=True))


class Block(nn.Sequential):  # mobilenet.arch:13
    def __init__(
        self,
        in_channels: int,
        kernel: int,
        expanded: int,
        out: int,
        stride: int,
        act: Callable[..., nn.Module],
        *,
        conv_bn: bool = True,
    ) -> None:
        super().__init__()
        if conv_bn:
            self.append(ConvBn(in_channels, expanded, 1, act=act))
        self.append(ConvBn(expanded, expanded, kernel, stride, expanded, act))
        self.append(ConvBn(expanded, out, 1, activated=False))


class Bneck(nn.Module):  # mobilenet.arch:11
    def __init__(
        self,
        in_channels: int,
        kernel: int,
        expanded: int,
        out: int,
        act: Callable[..., nn.Module],
        stride: int = 1,
        *,
        conv_bn: bool = True,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.block = Block(in_channels, kernel, expanded, out, stride, act, conv_bn=conv_bn)

    def forward(self, x: Tensor) -> Tensor:
        y = self.block(x)  # mobilenet.arch:13
        return y + x if self.residual else y  # mobilenet.arch:12


class Mobilenet(nn.Module):  # mobilenet.arch:21
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            ConvBn(3, 16, 3, 2, act=nn.Hardswish),
            Bneck(16, 3, 16, 16, nn.ReLU, conv_bn=False),
            Bneck(16, 3, 64, 24, nn.ReLU, 2, residual=False),
            Bneck(24, 3, 72, 24, nn.ReLU),
            Bneck(24, 5, 72, 40, nn.ReLU, 2, residual=False),
            *(Bneck(40, 5, 120, 40, nn.ReLU) for _ in range(2)),
            Bneck(40, 3, 240, 80, nn.Hardswish, 2, residual=False),
            Bneck(80, 3, 200, 80, nn.Hardswish),
            *(Bneck(80, 3, 184, 80, nn.Hardswish) for _ in range(2)),
            ConvBn(80, 960, 1, act=nn.Hardswish),
        )
        self.classifier = nn.Sequential(
            nn.Linear(960, 1280),
            nn.Hardswish(inplace=True),
            nn.Dropout(0.2),
            nn.Linear(1280, 1000),
        )

    def forward(self, image: Tensor) -> Tensor:
        x = self.features(image)  # mobilenet.arch:23
        x = torch.flatten(F.adaptive_avg_pool2d(x, 1), 1)  # mobilenet.arch:35
        return self.classifier(x)  # mobilenet.arch:36
