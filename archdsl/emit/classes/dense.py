# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnnecessaryComparison=false
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class GroupedLinear(nn.Linear):
    """An affine map in groups: each group of outputs sees its own group of inputs only."""

    def __init__(self, in_features: int, out_features: int, groups: int, bias: bool = True) -> None:
        super().__init__(in_features // groups, out_features, bias)
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        maps = zip(input.chunk(self.groups, -1), self.weight.chunk(self.groups))
        output = torch.cat([F.linear(part, weight) for part, weight in maps], -1)
        return output if self.bias is None else output + self.bias
