"""What autograd saves in a training step."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Saved:
    """Tensors by where they lie: those that share memory are there once."""

    def __init__(self) -> None:
        self.tensors: dict[int, Tensor] = {}

    @property
    def bytes(self) -> int:
        return sum(tensor.untyped_storage().nbytes() for tensor in self.tensors.values())


@contextmanager
def saving(module: nn.Module) -> Generator[Saved]:
    """Tensors that are saved for the backward pass meanwhile, but for the module's parameters and buffers."""
    held = {tensor.untyped_storage().data_ptr() for tensor in module.state_dict().values()}
    saved = Saved()

    def pack(tensor: Tensor) -> Tensor:
        place = tensor.untyped_storage().data_ptr()
        if place not in held:
            saved.tensors[place] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        yield saved
