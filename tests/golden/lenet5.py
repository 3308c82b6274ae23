"""lenet5, compiled by archdsl from specs/lenet.arch (sha256 d5e5058a6225). Edit the spec, not this file."""

import torch
from torch import Tensor, nn


class Lenet5(nn.Module):  # lenet.arch:22
    def __init__(self) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.s2 = nn.AvgPool2d(2)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.s4 = nn.AvgPool2d(2)
        self.c5 = nn.Linear(400, 120)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = torch.tanh(self.c1(image))  # lenet.arch:10
        x = self.s2(x)  # lenet.arch:11
        x = torch.tanh(self.c3(x))  # lenet.arch:12
        x = self.s4(x)  # lenet.arch:13
        x = torch.flatten(x, 1)  # lenet.arch:14
        x = torch.tanh(self.c5(x))  # lenet.arch:15
        x = torch.tanh(self.f6(x))  # lenet.arch:16
        return self.output(x)  # lenet.arch:17
