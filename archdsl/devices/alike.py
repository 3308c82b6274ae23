"""Whether all processes of a group do the same: asked when a network is loaded and when it first runs.

Processes that differ would wait for each other for ever, or compute a network that is nobody's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor


def unlike(facts: object, group: dist.ProcessGroup) -> tuple[list[int], int] | None:
    """The processes whose facts are others than the first one's, and that one, by their ranks; None: all agree.

    All of the group call it at once.
    """
    heard: list[object] = [None] * dist.get_world_size(group)
    dist.all_gather_object(heard, facts, group=group)
    ranks = dist.get_process_group_ranks(group)
    others = [rank for rank, other in zip(ranks, heard) if other != heard[0]]
    return (others, ranks[0]) if others else None


def random_state(device: torch.device) -> str:
    """What is drawn next, on a device and on the CPU: equal where equal numbers follow."""
    states = [torch.get_rng_state()]
    if device.type != "cpu":
        states.append(torch.get_device_module(device).get_rng_state(device))
    return hashlib.sha256(b"".join(bytes(state.untyped_storage()) for state in states)).hexdigest()


def content(values: Iterable[Tensor]) -> list[object]:
    """Shape, dtype and a sum over the bits of each value; the order in which the sum is taken plays no part."""
    words = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    found: list[object] = []
    for value in values:
        bits = value.detach().contiguous().view(words[value.dtype.itemsize])
        found.append((tuple(value.shape), str(value.dtype), int(bits.sum(dtype=torch.int64))))
    return found
