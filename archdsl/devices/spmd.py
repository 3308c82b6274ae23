"""A network on a `DeviceMesh`: each process builds and runs its own part of it.

    mesh = init_device_mesh("cpu", (2,), mesh_dim_names=("gpus",))
    model = archdsl.load("alexnet.arch", mesh=mesh)       # in every process

It is used like the network on one device: the same inputs, outputs, keys and losses. Its tensors are this process's
part of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import FSDPModule
from torch.nn.parallel import DistributedDataParallel

from archdsl.api import build
from archdsl.devices.again import carry
from archdsl.devices.alike import content, random_state, unlike
from archdsl.devices.axes import Axes, axes_of
from archdsl.devices.draws import batch_sizes, drawing, rows
from archdsl.devices.error import refused
from archdsl.devices.local import Local, group_mesh, local
from archdsl.devices.local_ops import NotLocal
from archdsl.devices.noise import for_all
from archdsl.devices.processes import ProcessLink
from archdsl.devices.sequences import prove
from archdsl.devices.transfers import linked
from archdsl.devices.watch import Watch, WatchedLink
from archdsl.devices.weights import own_state, sum_gradients, whole_state
from archdsl.diagnostic import Error
from archdsl.emit import emit
from archdsl.errors.devices import CannotCut, UnlikeInputs, UnlikeNetworks, UnlikeSeeds
from archdsl.ir.graph import Program
from archdsl.source import sha256
from archdsl.weights.origin import MARK


def on_mesh(
    program: Program,
    mesh: DeviceMesh,
    whole: Any,
    *,
    drawn: bool,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> nn.Module:
    """This process's part of a network. All processes of the mesh call it at once.

    whole: builds the network on one device, with its weights, on the CPU; every process does, and keeps its part.
    drawn: the weights are drawn at random.

    Raises `DevicesError`.
    """
    try:
        devices = group_mesh(program)
        axes = axes_of(mesh, devices, program)
        own = local(program, dist.get_rank(axes.group)) if devices else None
        if axes.replicas > 1:
            rows(program.graph, batch_sizes(program))
        if devices:
            prove(program, devices)
    except NotLocal as problem:
        raise refused(CannotCut(program.title, str(problem)), program) from None
    device = torch.device(device or mesh.device_type)
    place = _Place(program, own, axes, device)
    place.need_alike(UnlikeNetworks, sha256(emit(program)))
    if drawn:
        place.need_alike(UnlikeSeeds, random_state(device), "the weights are about to be drawn")
    module: nn.Module = whole()
    if own is not None:
        state = own_state(module.state_dict(), own)
        drawn_next = torch.get_rng_state()
        module = build(own.program)
        torch.set_rng_state(drawn_next)  # what follows is drawn as if the network were on one device
        module.load_state_dict(state)
        delattr(module, MARK)  # its tensors are not those that the spec speaks of
    module = module.to(device=device, dtype=dtype)
    if own is not None and place.link is not None:
        sum_gradients(module, own, place.link)
    carry(module)
    cls = type(module)
    module.__class__ = type(cls.__name__, (_OnMesh, cls), {"__module__": cls.__module__})
    vars(module)[_PLACE] = place
    return module


_PLACE = "__archdsl_place__"
"""An attribute of modules; no label can take it."""


def _place(module: nn.Module) -> _Place:
    return vars(module)[_PLACE]


def watched(module: nn.Module, watch: Watch) -> None:
    """Have a module that was loaded for a mesh say, when another process is missed, which one and where."""
    place = _place(module)
    if place.axes.group is not None:
        place.link = WatchedLink(watch, place.axes.group)


def whole_state_dict(module: nn.Module) -> dict[str, Tensor]:
    """The weights of a module that was loaded for a mesh, as the network on one device has them, on the CPU.

    All processes that run it together call this at once. Those of wrappers are not known here: give it the module that
    `load` returned, and with FSDP its full tensors first.
    """
    place = _place(module)
    own = {key: value.detach().cpu() for key, value in module.state_dict().items()}
    if place.own is None or place.axes.group is None:
        return own
    states: list[Any] = [None] * place.own.mesh.size
    dist.all_gather_object(states, own, group=place.axes.group)
    return whole_state(states, place.own)


class _Place:
    """Where a module is run: its link to those that have the rest of the network, and its rows of the batch."""

    def __init__(self, program: Program, own: Local | None, axes: Axes, device: torch.device) -> None:
        self.program = program
        self.own = own
        self.axes = axes
        self.device = device
        self.link = ProcessLink(axes.group) if axes.group is not None else None
        self.draws = any(drawing(program.graph.nodes))
        self.looked = self.trained = False

    def __deepcopy__(self, memo: object) -> _Place:
        return self  # a copy of the module runs in the same place

    @contextmanager
    def running(self) -> Generator[None]:
        drawing_all = for_all(self.axes.rows, self.axes.replicas) if self.axes.replicas > 1 else nullcontext()
        with linked(self.link) if self.link is not None else nullcontext(), drawing_all:
            yield

    def need_alike(self, error: Any, facts: object, *further: str) -> None:
        """All processes of the mesh have the same facts."""
        for group in (*self.axes.others, *([self.axes.group] if self.axes.group else [])):
            self.need_alike_in(group, error, facts, *further)

    def need_alike_in(self, group: dist.ProcessGroup, error: Any, facts: object, *further: str) -> None:
        if found := unlike(facts, group):
            ranks, first = found
            said: Error = error(", ".join(map(str, ranks)), first, *further)
            raise refused(said, self.program)

    def look(self, inputs: Sequence[Tensor]) -> None:
        """Before the first run: those that run one network together are given the same samples."""
        self.looked = True
        if self.axes.group is not None and self.own is not None:
            self.need_alike_in(self.axes.group, UnlikeInputs, content(inputs), str(self.own.mesh))

    def look_at_training(self, module: nn.Module) -> None:
        """Before the first run in training: all draw the same, and someone averages the replicas' gradients."""
        self.trained = True
        if self.draws:
            self.need_alike(UnlikeSeeds, random_state(self.device), "dropout is about to draw")
        in_ddp = DistributedDataParallel._active_ddp_module is not None  # pyright: ignore[reportPrivateUsage]
        wrapped = in_ddp or any(isinstance(each, FSDPModule) for each in module.modules())
        if self.axes.replicas > 1 and not wrapped:
            warnings.warn(
                f"{self.program.title} has replicas along a data axis, whose gradients nobody averages: wrap it, "
                'DistributedDataParallel(model, process_group=mesh["data"].get_group()), or '
                'fully_shard(model, mesh=mesh["data"])',
                stacklevel=4,
            )


class _OnMesh(nn.Module):
    """What the class of a module on a mesh does beside its own."""

    def forward(self, *inputs: Tensor) -> Any:
        place = _place(self)
        if not place.looked:
            place.look(inputs)
        if self.training and not place.trained and torch.is_grad_enabled():
            place.look_at_training(self)
        with place.running():
            return super().forward(*inputs)
