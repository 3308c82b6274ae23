# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

import torch
from torch import Tensor, nn


class UnevenGroups(nn.ModuleList):
    """Modules side by side: each is given its own part of the input, of these sizes along `dim`."""

    def __init__(self, sizes: list[int], *modules: nn.Module, dim: int = 1) -> None:
        super().__init__(modules)
        self.sizes = sizes
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        parts = input.split(self.sizes, self.dim)
        return torch.cat([module(part) for module, part in zip(self, parts)], self.dim)
