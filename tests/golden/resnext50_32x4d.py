"""resnext50_32x4d, compiled by archdsl from specs/resnet.arch (sha256 0b303cebbed5). Edit the spec, not this file."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Project(nn.Sequential):  # resnet.arch:10
    def __init__(self, in_channels: int, width: int, stride: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, width, 1, stride=stride, bias=False),
            nn.BatchNorm2d(width),
        )


class Bottleneck(nn.Module):  # resnet.arch:28
    def __init__(self, in_channels: int, width: int, stride: int = 1, *, downsample: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width * 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width * 2)
        self.conv2 = nn.Conv2d(width * 2, width * 2, 3, stride=stride, padding=1, groups=32, bias=False)
        self.bn2 = nn.BatchNorm2d(width * 2)
        self.conv3 = nn.Conv2d(width * 2, width * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * 4)
        self.downsample = None
        if downsample:
            self.downsample = Project(in_channels, width * 4, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)  # resnet.arch:32
        y = self.conv2(y)  # resnet.arch:33
        y = F.relu(self.bn2(y), inplace=True)  # resnet.arch:36
        y = self.conv3(y)  # resnet.arch:37
        y = self.bn3(y)  # resnet.arch:37
        y += x if self.downsample is None else self.downsample(x)  # resnet.arch:31
        return F.relu(y, inplace=True)  # resnet.arch:41


class Resnext5032x4d(nn.Module):  # resnet.arch:80
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(
            Bottleneck(64, 64, downsample=True),
            *(Bottleneck(256, 64) for _ in range(2)),
        )
        self.layer2 = nn.Sequential(
            Bottleneck(256, 128, 2, downsample=True),
            *(Bottleneck(512, 128) for _ in range(3)),
        )
        self.layer3 = nn.Sequential(
            Bottleneck(512, 256, 2, downsample=True),
            *(Bottleneck(1024, 256) for _ in range(5)),
        )
        self.layer4 = nn.Sequential(
            Bottleneck(1024, 512, 2, downsample=True),
            *(Bottleneck(2048, 512) for _ in range(2)),
        )
        self.fc = nn.Linear(2048, 1000)
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
