"""A network on several devices of one process.

    model = archdsl.load("alexnet.arch", devices=["cuda:0", "cuda:1"])
    model.gpus0.conv1, model.gpus1.conv1        # what each device has of a layer

It is used like the network on one device: the same inputs, outputs, keys and losses. Inputs may lie anywhere; outputs
are on the first device.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from operator import methodcaller
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.api import build
from archdsl.devices.again import carry
from archdsl.devices.error import refused
from archdsl.devices.local import Part, group_mesh, local
from archdsl.devices.local_ops import NotLocal
from archdsl.devices.moves import devices_are, together
from archdsl.devices.spread import Path, Spread, spread
from archdsl.devices.transfers import part_of
from archdsl.devices.weights import changed_where_used
from archdsl.errors.devices import CannotCut, NoDeviceGroup, OtherDeviceCount
from archdsl.ir.graph import Program
from archdsl.record import Record
from archdsl.weights.origin import MARK, mark, origin_of


def on_devices(
    program: Program, devices: Sequence[torch.device | str], whole: Any, *, dtype: torch.dtype | None = None
) -> nn.Module:
    """A network on these devices, in the order of the spec's mesh. Raises `DevicesError`.

    whole: builds the network on one device, with its weights, on the CPU.
    """
    try:
        mesh = group_mesh(program)
        if mesh is None:
            raise refused(NoDeviceGroup(program.title), program)
        if len(devices) != mesh.size:
            found = f"{len(devices)} device{'' if len(devices) == 1 else 's'}"
            raise refused(OtherDeviceCount(found, str(mesh), mesh.size), program)
        parts, made = local(program, 0).parts, spread(program, mesh)
    except NotLocal as problem:
        raise refused(CannotCut(program.title, str(problem)), program) from None
    one: nn.Module = whole()
    state, origin = one.state_dict(), origin_of(one)
    drawn_next = torch.get_rng_state()
    module = build(made.program)
    torch.set_rng_state(drawn_next)  # what follows is drawn as if the network were on one device
    delattr(module, MARK)  # its tensors are not those that the spec speaks of
    held = [_held(key, parts.get(key), made.copies) for key in state]
    _share(module, held)
    module.register_load_state_dict_pre_hook(_Own(held))  # pyright: ignore[reportUnknownMemberType]
    module.register_state_dict_post_hook(_Whole(held))  # pyright: ignore[reportUnknownMemberType]
    module.load_state_dict(state)
    carry(module)
    run = _Run([torch.device(device) for device in devices])
    _place(module, made, run.devices, dtype)
    module.register_forward_pre_hook(run.before)
    module.register_forward_hook(run.behind, always_call=True)
    if origin is not None:
        mark(module, origin)
    return module


class _Held(Record):
    """A tensor of the whole network: under which keys the devices have it, and whether each has a part of it."""

    key: str
    copies: tuple[str, ...]
    part: Part | None


def _held(key: str, part: Part | None, copies: Mapping[Path, list[Path]]) -> _Held:
    *path, name = key.split(".")
    return _Held(key, tuple(".".join((*copy, name)) for copy in copies.get(tuple(path), [tuple(path)])), part)


def _share(module: nn.Module, held: Sequence[_Held]) -> None:
    """Have the devices use one parameter, where each has all of it: the first device's."""
    parameters = dict(module.named_parameters(remove_duplicate=False))
    for tensor in held:
        owner, *others = tensor.copies
        if tensor.part is None and owner in parameters:
            for copy in others:
                path, _, name = copy.rpartition(".")
                setattr(module.get_submodule(path), name, parameters[owner])


def _place(module: nn.Module, made: Spread, devices: Sequence[torch.device], dtype: torch.dtype | None) -> None:
    """Move each tensor to its device. A parameter that several use is on the first one's, and is lent to the others."""
    homes = {".".join(path): device for path, device in made.homes}

    def device_of(key: str) -> torch.device:
        """That of the innermost step that the key begins with."""
        while key and key not in homes:
            key = key.rpartition(".")[0]
        return devices[homes.get(key, 0)]

    placed: dict[nn.Parameter, nn.Parameter] = {}
    for key, parameter in list(module.named_parameters(remove_duplicate=False)):
        (path, _, name), device = key.rpartition("."), device_of(key)
        owner = module.get_submodule(path)
        if parameter not in placed:
            tensor = parameter.detach().to(device=device, dtype=dtype)
            placed[parameter] = nn.Parameter(tensor, parameter.requires_grad)
        setattr(owner, name, placed[parameter])
        if placed[parameter].device != device:
            changed_where_used(owner, name, methodcaller("to", device))
    for key, buffer in module.named_buffers():
        path, _, name = key.rpartition(".")
        floating = dtype if buffer.is_floating_point() else None
        setattr(module.get_submodule(path), name, buffer.to(device=device_of(key), dtype=floating))


class _Run:
    """While the network runs, `move` knows the devices."""

    def __init__(self, devices: Sequence[torch.device]) -> None:
        self.devices = devices
        self._running: list[AbstractContextManager[None]] = []

    def before(self, module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        moved = tuple(x.to(self.devices[0]) if isinstance(x, Tensor) else x for x in inputs)
        self._running.append(devices_are(self.devices))
        self._running[-1].__enter__()
        return moved

    def behind(self, module: nn.Module, inputs: object, output: object) -> None:
        self._running.pop().__exit__(None, None, None)


class _Whole:
    """What `state_dict` gives: that of the network on one device, on the first one."""

    def __init__(self, held: Sequence[_Held]) -> None:
        self.held = held

    def __call__(self, module: nn.Module, state: MutableMapping[str, Any], prefix: str, _: object) -> None:
        own = {key: state.pop(key) for key in list(state) if key.startswith(prefix)}
        for tensor in self.held:
            copies = [own[prefix + key] for key in tensor.copies]
            state[prefix + tensor.key] = (
                together(*copies, axis=tensor.part.axis, device=0) if tensor.part else copies[0]
            )


class _Own:
    """What `load_state_dict` makes of that."""

    def __init__(self, held: Sequence[_Held]) -> None:
        self.held = held

    def __call__(self, module: nn.Module, state: MutableMapping[str, Any], prefix: str, *_: object) -> None:
        for tensor in self.held:
            if prefix + tensor.key in state:
                whole, part = state.pop(prefix + tensor.key), tensor.part
                for i, key in enumerate(tensor.copies):
                    state[prefix + key] = part_of(whole, part.axis, part.sizes, i) if part else whole
