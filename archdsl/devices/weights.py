"""The whole network's tensors and those of one device: one set of weights, that of the network on one device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from archdsl.devices.local import Local
from archdsl.devices.transfers import Link, part_of


def own_state(state: Mapping[str, Tensor], local: Local) -> dict[str, Tensor]:
    """What one device holds of the whole network's `state_dict`."""
    return {
        key: part_of(tensor, part.axis, part.sizes, local.device).clone() if (part := local.parts.get(key)) else tensor
        for key, tensor in state.items()
        if local.placed.get(key, local.device) == local.device
    }


def whole_state(states: Sequence[Mapping[str, Tensor]], local: Local) -> dict[str, Tensor]:
    """The whole network's `state_dict`, from those of all devices in their order; it lies where the first one does."""
    first = {key: tensor for state in reversed(states) for key, tensor in state.items()}
    return {
        key: torch.cat([state[key].to(tensor.device) for state in states], part.axis)
        if (part := local.parts.get(key))
        else tensor
        for key, tensor in first.items()
    }


def sum_gradients(module: nn.Module, local: Local, link: Link) -> None:
    """Have the gradients summed of the parameters that every device uses in its own way, as they are computed."""
    for key, parameter in module.named_parameters():
        if key in local.summed and parameter.requires_grad:
            parameter.register_hook(link.sum)  # type: ignore[no-untyped-call]
