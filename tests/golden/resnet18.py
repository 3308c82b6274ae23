"""resnet18, compiled by archdsl from specs/resnet.arch (sha256 0b303cebbed5). Edit the spec, not this file."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Project(nn.Sequential):  # resnet.arch:10
    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, width, 1, stride=2, bias=False),
            nn.BatchNorm2d(width),
        )


class Basic(nn.Module):  # resnet.arch:18
    def __init__(self, in_channels: int, width: int, stride: int = 1, *, downsample: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if downsample:
            self.downsample = Project(in_channels, width)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)  # resnet.arch:20
        y = self.conv2(y)  # resnet.arch:21
        y = self.bn2(y)  # resnet.arch:21
        y += x if self.downsample is None else self.downsample(x)  # resnet.arch:19
        return F.relu(y, inplace=True)  # resnet.arch:25


class Resnet18(nn.Module):  # resnet.arch:73
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(
            Basic(64, 64),
            Basic(64, 64),
        )
        self.layer2 = nn.Sequential(
            Basic(64, 128, 2, downsample=True),
            Basic(128, 128),
        )
        self.layer3 = nn.Sequential(
            Basic(128, 256, 2, downsample=True),
            Basic(256, 256),
        )
        self.layer4 = nn.Sequential(
            Basic(256, 512, 2, downsample=True),
            Basic(512, 512),
        )
        self.fc = nn.Linear(512, 1000)
        for m in self.modules():  # resnet.arch:68
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(image)), inplace=True)  # resnet.arch:54
        x = F.max_pool2d(x, 3, stride=2, padding=1)  # resnet.arch:55
        x = self.layer1(x)  # resnet.arch:58
        x = self.layer2(x)  # resnet.arch:58
        x = self.layer3(x)  # resnet.arch:58
        x = self.layer4(x)  # resnet.arch:58
        x = torch.flatten(F.adaptive_avg_pool2d(x, 1), 1)  # resnet.arch:64
        return self.fc(x)  # resnet.arch:65
