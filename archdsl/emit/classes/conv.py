from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CeilConv2d(nn.Conv2d):
    """A convolution that rounds its output's size up: zeros stand in for what the last window lacks."""

    def forward(self, input: Tensor) -> Tensor:
        missing: list[int] = []
        for axis in (1, 0):
            padded = input.shape[2 + axis] + 2 * int(self.padding[axis])
            span = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
            missing += [0, (span - padded) % self.stride[axis]]
        return super().forward(F.pad(input, missing))


class ConnectedConv(nn.Module):
    """A convolution whose output maps see chosen input maps alone: `connect` lists them for each.

    Every link has one kernel, in the order of `connect`. They start as those of nn.Conv2d do: uniform, within
    1 / sqrt(fan_in) of 0, where fan_in counts what the output map sees.
    """

    links: Tensor

    def __init__(
        self,
        in_channels: int,
        connect: list[tuple[int, ...]],
        kernel_size: tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.dense = (len(connect), in_channels, *kernel_size)
        self.options = (stride, padding, dilation)
        links = [(output, seen) for output, maps in enumerate(connect) for seen in maps]
        self.register_buffer("links", torch.tensor(links).T.contiguous(), persistent=False)
        self.weight = nn.Parameter(torch.empty(len(links), *kernel_size))
        self.bias = nn.Parameter(torch.empty(len(connect))) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        outputs = self.links[0]
        bound = (outputs.bincount() * self.weight[0].numel()).rsqrt()
        with torch.no_grad():
            self.weight.uniform_(-1, 1).mul_(bound[outputs].view(-1, *[1] * (self.weight.dim() - 1)))
            if self.bias is not None:
                self.bias.uniform_(-1, 1).mul_(bound)

    def forward(self, x: Tensor) -> Tensor:
        kernels = self.weight.new_zeros(self.dense).index_put(tuple(self.links), self.weight)
        convolve = (F.conv1d, F.conv2d, F.conv3d)[self.weight.dim() - 2]
        return convolve(x, kernels, self.bias, *self.options)
