"""The whole network's tensors and those of one device: one set of weights, that of the network on one device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from archdsl.devices.local import Local
from archdsl.devices.transfers import Link, enter, linked, part_of


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
    """Have the gradients summed of the parameters that every device uses in its own way.

    Whenever the module runs that owns one, what it uses is the parameter, entered (see `transfers.enter`); so it works
    for one that another wrapper (FSDP) puts in the parameter's place.
    """
    owners: dict[str, list[str]] = {}
    for key in local.summed:
        owner, _, name = key.rpartition(".")
        owners.setdefault(owner, []).append(name)
    for owner, names in owners.items():
        entering = _Entering(sorted(names), link)
        submodule = module.get_submodule(owner)
        submodule.register_forward_pre_hook(entering.before)
        submodule.register_forward_hook(entering.behind, always_call=True)


class _Entering:
    """While a module runs, an attribute of its own hides the parameter of that name."""

    def __init__(self, names: Sequence[str], link: Link) -> None:
        self.names = names
        self.link = link

    def before(self, module: nn.Module, inputs: object) -> None:
        with linked(self.link):
            vars(module).update((name, enter(getattr(module, name))) for name in self.names)

    def behind(self, module: nn.Module, inputs: object, output: object) -> None:
        for name in self.names:
            vars(module).pop(name, None)
