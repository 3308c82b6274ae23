"""densenet, compiled by archdsl from tests/golden/densenet.arch (sha256 2bd0a53e65ea). Edit the spec, not this file."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class DenseLayer(nn.Module):  # densenet.arch:2
    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, 128, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(128)
        self.conv2 = nn.Conv2d(128, 32, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(F.relu(self.norm1(x), inplace=True))  # densenet.arch:3
        return self.conv2(F.relu(self.norm2(x), inplace=True))  # densenet.arch:4


class Transition(nn.Sequential):  # densenet.arch:13
    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(in_channels, in_channels // 2, 1, bias=False)
        self.pool = nn.AvgPool2d(2)


class DenseBlock(nn.Module):  # densenet.arch:7
    def __init__(self, in_channels: int, layers: int) -> None:
        super().__init__()
        for i in range(layers):
            self.add_module(f"denselayer{i + 1}", DenseLayer(in_channels + 32 * i))

    def forward(self, x: Tensor) -> Tensor:
        for denselayer in self.children():
            x = torch.cat([x, denselayer(x)], 1)  # densenet.arch:9
        return x


class Features(nn.Sequential):  # densenet.arch:19
    def __init__(self) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.norm0 = nn.BatchNorm2d(64)
        self.relu0 = nn.ReLU(inplace=True)
        self.pool0 = nn.MaxPool2d(3, stride=2, padding=1)
        self.denseblock1 = DenseBlock(64, 6)
        self.transition1 = Transition(256)
        self.denseblock2 = DenseBlock(128, 12)
        self.transition2 = Transition(512)
        self.denseblock3 = DenseBlock(256, 24)
        self.transition3 = Transition(1024)
        self.denseblock4 = DenseBlock(512, 16)
        self.norm5 = nn.BatchNorm2d(1024)


class Densenet(nn.Module):  # densenet.arch:17
    def __init__(self) -> None:
        super().__init__()
        self.features = Features()
        self.classifier = nn.Linear(1024, 1000)

    def forward(self, image: Tensor) -> Tensor:
        x = self.features(image)  # densenet.arch:19
        x = torch.flatten(F.adaptive_avg_pool2d(F.relu(x, inplace=True), 1), 1)  # densenet.arch:28
        return self.classifier(x)  # densenet.arch:29
