"""Devices that are processes of a `torch.distributed` group: gloo on CPUs, NCCL on GPUs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.distributed as dist
from torch import Tensor

from archdsl.devices.transfers import part_of


class ProcessLink:
    """This process's connection to the others of its group. Every one must make the same calls in the same order."""

    watched = False

    def __init__(self, group: dist.ProcessGroup | None = None) -> None:
        self.group = group
        self.index = dist.get_rank(group)
        self.size = dist.get_world_size(group)

    def all_gather(self, x: Tensor, axis: int, sizes: Sequence[int]) -> Tensor:
        # All-to-all takes parts of different sizes, which gloo's all-gather refuses; what it moves is the same.
        parts = [x.new_empty([*x.shape[:axis], size, *x.shape[axis + 1 :]]) for size in sizes]
        if len(set(sizes)) == 1:
            dist.all_gather(parts, x.contiguous(), group=self.group)
        else:
            self._all_to_all(parts, [x.contiguous()] * self.size)
        return torch.cat(parts, axis)

    def sum_of_parts(self, x: Tensor, axis: int, sizes: Sequence[int]) -> Tensor:
        # By all-to-all and a sum in the order of the devices: gloo's reduce-scatter moves twice the bytes.
        outgoing = [part_of(x, axis, sizes, i).contiguous() for i in range(self.size)]
        incoming = [torch.empty_like(outgoing[self.index]) for _ in range(self.size)]
        self._all_to_all(incoming, outgoing)
        total = incoming[0]
        for part in incoming[1:]:
            total = total + part
        return total

    def _all_to_all(self, incoming: list[Tensor], outgoing: list[Tensor]) -> None:
        received = incoming[0].new_empty(sum(part.numel() for part in incoming))
        dist.all_to_all_single(
            received,
            torch.cat([part.flatten() for part in outgoing]),
            [part.numel() for part in incoming],
            [part.numel() for part in outgoing],
            group=self.group,
        )
        start = 0
        for part in incoming:
            part.copy_(received[start : start + part.numel()].view_as(part))
            start += part.numel()

    def sum(self, x: Tensor) -> Tensor:
        total = x.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total, group=self.group)
        return total

    def tell(self, x: Tensor, device: int) -> Tensor:
        told = x.contiguous()
        dist.broadcast(told, group_src=device, group=self.group)
        return told
