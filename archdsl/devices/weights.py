"""The whole network's tensors and those of one device: one set of weights, that of the network on one device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from archdsl.devices.local import Local
from archdsl.devices.transfers import Link, part_of


def own_state(state: Mapping[str, Tensor], local: Local) -> dict[str, Tensor]:
    """What one device holds of the whole network's `state_dict`."""
    own: dict[str, Tensor] = {}
    for key, tensor in state.items():
        part = local.parts.get(key)
        cut = part is not None and part.axis is not None
        own[key] = part_of(tensor, part.axis, part.sizes, local.device).clone() if cut else tensor
    return own


def whole_state(states: Sequence[Mapping[str, Tensor]], local: Local) -> dict[str, Tensor]:
    """The whole network's `state_dict`, from those of all devices in their order."""
    whole: dict[str, Tensor] = {}
    for key, tensor in states[0].items():
        part = local.parts.get(key)
        cut = part is not None and part.axis is not None
        whole[key] = torch.cat([state[key].to(tensor.device) for state in states], part.axis) if cut else tensor
    return whole


def sum_gradients(module: nn.Module, local: Local, link: Link) -> None:
    """Have the gradients summed of the parameters that every device uses in its own way, as they are computed."""
    for key, parameter in module.named_parameters():
        part = local.parts.get(key)
        if part is not None and part.summed and parameter.requires_grad:
            parameter.register_hook(link.sum)
