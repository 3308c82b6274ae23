"""Networks written by hand as functions of named tensors: F's operators alone, none of our code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archdsl
from tests.specs.read import SPECS


class Tensors:
    """A state dict's tensors by name, and which of them were asked for."""

    def __init__(self, state: dict[str, Tensor]) -> None:
        self._state = state
        self.unused = {name for name in state if not name.endswith("num_batches_tracked")}

    def __getitem__(self, name: str) -> Tensor:
        self.unused.discard(name)
        return self._state[name]

    def has(self, name: str) -> bool:
        return name in self._state

    def conv(self, name: str, x: Tensor, stride: int = 1, pad: int = 0) -> Tensor:
        bias = self[f"{name}.bias"] if self.has(f"{name}.bias") else None
        return F.conv2d(x, self[f"{name}.weight"], bias, stride, pad)

    def linear(self, name: str, x: Tensor) -> Tensor:
        bias = self[f"{name}.bias"] if self.has(f"{name}.bias") else None
        return F.linear(x, self[f"{name}.weight"], bias)

    def bn(self, name: str, x: Tensor, eps: float = 1e-5) -> Tensor:
        mean, var = self[f"{name}.running_mean"], self[f"{name}.running_var"]
        return F.batch_norm(x, mean, var, self[f"{name}.weight"], self[f"{name}.bias"], eps=eps)


Reference: TypeAlias = Callable[[Tensors, Tensor], Tensor]


def load(file: str, variant: str, **params: Any) -> nn.Module:
    """The spec's network in eval mode; norms as after training, since fresh ones would hide that one is missing."""
    torch.manual_seed(0)
    module = archdsl.load(Path(SPECS, file), variant=variant, **params)
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d | nn.LayerNorm):
            for tensor in norm.state_dict().values():
                if tensor.is_floating_point():
                    tensor.uniform_(0.5, 1.5)
    return module.eval()


def assert_same(module: nn.Module, reference: Reference, x: Tensor) -> None:
    """In outputs and gradients, in double precision; the reference uses every tensor that the module has."""
    module.double()
    x = x.double() if x.is_floating_point() else x
    tensors = Tensors(module.state_dict(keep_vars=True))
    ours, theirs = module(x), reference(tensors, x)
    assert not tensors.unused
    assert float(theirs.detach().std()) > 1e-4, "outputs that are all alike would be equal whatever the network is"
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)

    parameters = list(module.parameters())
    factors = torch.randn(theirs.shape, generator=torch.Generator().manual_seed(2))
    made = [torch.autograd.grad((y * factors).sum(), parameters) for y in (ours, theirs)]
    torch.testing.assert_close(*made, rtol=1e-7, atol=1e-9 * max(float(their.abs().max()) for their in made[1]))
