"""One network, written here and in torchvision: what has to be equal, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import get_model

import archdsl
from tests.parity.networks import Network


class Pair(NamedTuple):
    """Both networks, with torchvision's random weights in each."""

    theirs: nn.Module
    ours: nn.Module


def pair(network: Network) -> Pair:
    """Build both and load torchvision's weights into ours, which fails unless every key and shape fits."""
    torch.manual_seed(0)
    theirs = get_model(network.name, weights=None, **dict(network.options))
    for tensor in theirs.parameters():
        if tensor.dim() == 2 and not tensor.any():
            nn.init.normal_(tensor)  # behind a head of zeros, as ViT's, all networks would be equal
    ours = archdsl.load(network.path, variant=network.ours)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    return Pair(theirs, ours)


def same_start(network: Network) -> bool:
    """Built from one seed, both have the same weights, bit for bit."""
    torch.manual_seed(0)
    theirs = get_model(network.name, weights=None, **dict(network.options)).state_dict()
    torch.manual_seed(0)
    ours = archdsl.load(network.path, variant=network.ours).state_dict()
    return same_tensors(theirs, ours)


def image(network: Network, batch: int = 2) -> Tensor:
    return torch.randn(batch, 3, network.height, network.width, generator=torch.Generator().manual_seed(1))


def same_keys(networks: Pair) -> bool:
    """The state dict's keys, in their order."""
    return list(networks.theirs.state_dict()) == list(networks.ours.state_dict())


def same_output(networks: Pair, x: Tensor) -> bool:
    with torch.no_grad():
        theirs, ours = (module.eval()(x) for module in networks)
    # Outputs that overflowed, or are all alike, would be equal whatever the networks are.
    telling = bool(theirs.isfinite().all()) and float(theirs.std()) > 0
    return telling and torch.equal(theirs, ours)


class Trained(NamedTuple):
    """What one training step gives."""

    loss: Tensor
    gradients: dict[str, Tensor]
    state: dict[str, Tensor]
    """Parameters and buffers behind it: running statistics have moved."""


def train(module: nn.Module, x: Tensor) -> Trained:
    module.train()
    torch.manual_seed(2)  # dropout draws from here
    loss = total_loss(module(x), torch.arange(len(x)))
    module.zero_grad(set_to_none=True)
    loss.backward()
    gradients = {name: p.grad for name, p in module.named_parameters() if p.grad is not None}
    module.zero_grad(set_to_none=True)
    return Trained(loss.detach(), gradients, module.state_dict())


def total_loss(made: Tensor | NamedTuple, classes: Tensor) -> Tensor:
    """Of all outputs; those of a tuple go by their names, since torchvision has them in another order."""
    if isinstance(made, Tensor):
        return F.cross_entropy(made, classes)
    losses = {name: F.cross_entropy(value, classes) for name, value in made._asdict().items()}
    return torch.stack([weight(name) * losses[name] for name in sorted(losses)]).sum()


def weight(output: str) -> float:
    return 0.3 if output.startswith("aux") else 1.0


def same_tensors(theirs: dict[str, Tensor], ours: dict[str, Tensor]) -> bool:
    return list(theirs) == list(ours) and all(torch.equal(tensor, ours[name]) for name, tensor in theirs.items())


def compiles(module: nn.Module, x: Tensor) -> bool:
    """`torch.compile(fullgraph=True)` takes it without a break and gives the same.

    The aot_eager backend traces and functionalises all of it, forward, and needs no C++ compiler on the machine.
    """
    torch.compiler.reset()
    compiled = torch.compile(module.eval(), fullgraph=True, backend="aot_eager")
    with torch.no_grad(), without_fused_attention():
        return torch.equal(compiled(x), module(x))


def exports(module: nn.Module, x: Tensor) -> bool:
    """`torch.export` takes it with a free batch size, and the exported program serves another one."""
    module.eval()
    batch = torch.export.Dim("batch", min=1)
    program = torch.export.export(module, (x,), dynamic_shapes=({0: batch},))
    other = torch.cat([x, x.flip(0), x[:1]])
    with torch.no_grad(), without_fused_attention():
        return torch.equal(program.module()(other), module(other))


@contextmanager
def without_fused_attention() -> Iterator[None]:
    """In eval mode nn.MultiheadAttention has a fused kernel, which rounds otherwise; traced, it has its steps."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
