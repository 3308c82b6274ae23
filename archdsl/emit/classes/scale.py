from __future__ import annotations

import torch
from torch import Tensor, nn


class Scale(nn.Module):
    def __init__(self, shape: tuple[int, ...], value: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, value))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight


class Bias(nn.Module):
    def __init__(self, shape: tuple[int, ...], value: float = 0.0) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.full(shape, value))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias
