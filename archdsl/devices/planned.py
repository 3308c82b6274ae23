"""The module of one process of a plan: a stage of the network, or its part of one that is split."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from archdsl.api import build
from archdsl.devices.local import group_mesh
from archdsl.devices.plan.match import plan_for
from archdsl.devices.plan.plan import Plan
from archdsl.devices.spmd import on_mesh
from archdsl.devices.stages import staged
from archdsl.devices.weights import fill
from archdsl.ir.graph import Program


def planned(
    program: Program,
    path: str,
    whole: Callable[[], nn.Module],
    *,
    drawn: bool,
    device: torch.device | str | None,
    dtype: torch.dtype | None,
) -> nn.Module:
    """What this process has of a network, by the file of a plan. All processes call it at once.

    whole: builds the network on one device, with its weights: what a seed draws depends on all of it.
    drawn: the weights are drawn at random.

    Ranks count the devices of a split, then stages, then replicas. Raises `CompileError` for a plan of another network,
    `ValueError` for one of another number of processes, and `DevicesError`.
    """
    plan = plan_for(program, path)
    processes = dist.get_world_size() if dist.is_initialized() else 1
    if processes != plan.used:
        raise ValueError(f"{path} is for {plan.used} processes, and there are {processes}")
    own = program
    if len(plan.stages) > 1:
        stages = staged(program, [stage.steps for stage in plan.stages])
        own = stages[dist.get_rank() // plan.width % len(stages)].program

    def module() -> nn.Module:
        built = whole()
        if own is program:
            return built
        stage = build(own)
        fill(stage, built.state_dict())
        return stage

    mesh = _mesh(plan, device) if plan.split is not None else None
    if mesh is None or group_mesh(own) is None:  # a stage of a split network may have nothing to do with the split
        return module().to(device=device, dtype=dtype)
    return on_mesh(own, mesh, module, drawn=drawn, device=device, dtype=dtype)


def _mesh(plan: Plan, device: torch.device | str | None) -> DeviceMesh:
    """The processes that run this one's stage: of its replica, and of the others along an axis "data"."""
    assert plan.split is not None
    kind = torch.device(device).type if device is not None else "cuda" if dist.get_backend() == "nccl" else "cpu"
    name = plan.split.mesh
    sizes = (plan.replicas, len(plan.stages), plan.width)
    mesh = init_device_mesh(kind, sizes, mesh_dim_names=("data", "stage", name))
    return mesh["data", name] if plan.replicas > 1 else mesh[name]
