"""heads, compiled by archdsl from tests/golden/heads.arch (sha256 5f97c5aae38c). Edit the spec, not this file."""

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Head(nn.Module):  # heads.arch:2
    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, 1)
        self.fc1 = nn.Linear(32, 16)
        self.fc2 = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(F.adaptive_avg_pool2d(x, 2)), inplace=True)  # heads.arch:3
        x = torch.flatten(x, 1)  # heads.arch:3
        x = F.dropout(F.relu(self.fc1(x), inplace=True), 0.7, self.training)  # heads.arch:4
        return self.fc2(x)  # heads.arch:5


class Turned(nn.Module):  # heads.arch:17
    def __init__(self) -> None:
        super().__init__()
        self.add_module("1", nn.Conv2d(16, 4, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([F.relu(x), torch.tanh(getattr(self, "1")(x))], 1)  # heads.arch:17


class HeadsOutputs(NamedTuple):  # heads.arch:8
    output: Tensor
    logits1: Tensor | None = None
    aux2: Tensor | None = None
    turned: Tensor | None = None


class Heads(nn.Module):  # heads.arch:8
    loss_weights: ClassVar[dict[str, float]] = {"logits1": 0.3, "aux2": 0.3}

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.stem = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.stage1 = nn.ReLU(inplace=True)
        self.conv3 = nn.Conv2d(16, 16, 3, padding=1)
        self.aux1 = Head(8)
        self.aux2 = Head(16)
        self.turned = Turned()
        self.turns = nn.Conv2d(20, 4, 1, bias=False)
        self.fc = nn.Linear(16, 10)

    def forward(self, image: Tensor, mask: Tensor) -> HeadsOutputs | Tensor:
        x = image * mask  # heads.arch:11
        x = self.stem(F.relu(self.conv1(x), inplace=True))  # heads.arch:12
        logits1 = self.aux1(x) if self.training else None  # heads.arch:15
        x = self.stage1(self.conv2(x))  # heads.arch:13
        aux2 = self.aux2(x) if self.training else None  # heads.arch:16
        turned = None
        if self.training:
            y = self.turned(x)  # heads.arch:17
            y = self.turns(y)  # heads.arch:18
            turned = torch.flatten(F.adaptive_avg_pool2d(y, 1), 1)  # heads.arch:18
        x = F.relu(self.conv3(x), inplace=True)  # heads.arch:14
        x = F.dropout(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1), 0.2, self.training)  # heads.arch:19
        x = self.fc(x)  # heads.arch:20
        if self.training:
            return HeadsOutputs(x, logits1, aux2, turned)
        return x
