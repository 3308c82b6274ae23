# pyright: reportUnknownMemberType=false
"""What a process of a run computes on: its own GPU, where each has one, or the CPU."""

from __future__ import annotations

import os

import torch

from archdsl.run.plan import CPU

BACKENDS = {"cpu": "gloo", "cuda": "cpu:gloo,cuda:nccl"}
"""With GPUs, what is on the CPU (where processes are, losses, random states) is still told by gloo."""


def own_device(asked: str | None) -> torch.device:
    """The device, by kind: "cpu", "cuda", or None for GPUs if there are enough. Raises `ValueError`."""
    number, processes = int(os.environ.get("LOCAL_RANK", 0)), int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked == "cpu" or (asked is None and found < processes):
        return CPU
    if found < processes:
        need = f"{processes} processes need a GPU each" if processes > 1 else "a GPU is needed"
        raise ValueError(f"--device cuda: {need}, but PyTorch finds {found} here")
    torch.cuda.set_device(number)
    # Without it a process that waits for a peer would be ended by a thread of NCCL's, before it could say anything.
    os.environ.setdefault("TORCH_NCCL_BLOCKING_WAIT", "1")
    return torch.device("cuda", number)
