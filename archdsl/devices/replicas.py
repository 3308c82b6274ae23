# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
"""Replicas of a network, or of one of its stages: their gradients, averaged bucket by bucket as DDP does."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor, nn

BUCKETS = (1024**2, 25 * 1024**2)
"""DDP's limits in bytes: of the first bucket, which is to be on its way soon, and of the others (`bucket_cap_mb`)."""


def average_gradients(parameters: Iterable[nn.Parameter], group: dist.ProcessGroup | None) -> None:
    """Have the mean of all replicas' gradients; those of the last layers first, as the backward pass makes them."""
    count = dist.get_world_size(group)
    found = [one.grad for one in parameters if one.grad is not None][::-1]
    for bucket in _buckets(found):
        flat = torch.cat([gradient.flatten() for gradient in bucket])
        dist.all_reduce(flat, group=group)
        for gradient, mean in zip(bucket, (flat / count).split([gradient.numel() for gradient in bucket])):
            gradient.copy_(mean.view_as(gradient))


def _buckets(gradients: list[Tensor]) -> Iterable[list[Tensor]]:
    """Gradients of one dtype and device, as many as are summed in one call."""
    if not gradients:
        return []
    places, _ = dist._compute_bucket_assignment_by_size(gradients, [*BUCKETS])  # pyright: ignore
    return [[gradients[place] for place in bucket] for bucket in places]
