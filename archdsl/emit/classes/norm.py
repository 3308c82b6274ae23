from __future__ import annotations

import torch
from torch import Tensor, nn


class GroupedLocalResponseNorm(nn.LocalResponseNorm):
    """Local response normalisation that looks at the channels of each group alone."""

    def __init__(self, groups: int, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__(size, alpha, beta, k)
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        parts = torch.unflatten(input, 1, (self.groups, -1)).flatten(0, 1)
        return super().forward(parts).reshape_as(input)
