"""The whole network's tensors and those of one device: one set of weights, that of the network on one device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor, nn

from archdsl.devices.local import Local
from archdsl.devices.moves import together
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
        key: together(*(state[key] for state in states), axis=part.axis, device=0)
        if (part := local.parts.get(key))
        else tensor
        for key, tensor in first.items()
    }


def fill(module: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Give a module its own of these weights, of which it may have some only."""
    module.load_state_dict({key: state[key] for key in module.state_dict()})


def sum_gradients(module: nn.Module, local: Local, link: Link) -> None:
    """Have the gradients summed of the parameters that every device uses in its own way.

    What the modules use is the parameter, entered (see `transfers.enter`).
    """

    def entered(parameter: Tensor) -> Tensor:
        with linked(link):
            return enter(parameter)

    for key in local.summed:
        owner, _, name = key.rpartition(".")
        changed_where_used(module.get_submodule(owner), name, entered)


def changed_where_used(module: nn.Module, name: str, change: Callable[[Tensor], Tensor]) -> None:
    """Whenever a module runs, it uses one of its own parameters as changed; so it works for one that another wrapper
    (FSDP) puts in the parameter's place."""
    using = _Using(name, change)
    module.register_forward_pre_hook(using.before)
    module.register_forward_hook(using.behind, always_call=True)


class _Using:
    """While a module runs, an attribute of its own hides the parameter of that name."""

    def __init__(self, name: str, change: Callable[[Tensor], Tensor]) -> None:
        self.name = name
        self.change = change

    def before(self, module: nn.Module, inputs: object) -> None:
        vars(module)[self.name] = self.change(getattr(module, self.name))

    def behind(self, module: nn.Module, inputs: object, output: object) -> None:
        vars(module).pop(self.name, None)
