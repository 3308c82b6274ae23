# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Which of a network each process has: the spec says it, by its mesh or stages, and the number of processes does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh
from torch.nn import functional as F

from archdsl import api
from archdsl.devices.checkpoint import Cut
from archdsl.devices.error import refused
from archdsl.devices.local import group_mesh, local
from archdsl.devices.pipeline import Pipeline
from archdsl.devices.spmd import on_mesh, watched
from archdsl.devices.watch import Watch, WatchedLink
from archdsl.errors.devices import OtherProcesses, UndividedBatch
from archdsl.ir.stages import stages_of
from archdsl.run.plan import Plan
from archdsl.run.training import OnMesh, Staged, Training


def training(plan: Plan, watch: Watch | None) -> Training:
    """This process's part of the training. Raises `DevicesError`, and `ValueError` for stages that can't be."""
    program = plan.program
    if watch is None:
        return Training([api.build(program, device=plan.device)], plan)
    if plan.stages or (plan.placing is None and stages_of(program.graph)):
        return _staged(plan, watch)
    return _on_mesh(plan, watch)


def _staged(plan: Plan, watch: Watch) -> Training:
    """A pipeline, or replicas of it; within its stages, splits."""
    program = plan.program
    processes, devices, stages = (
        dist.get_world_size(),
        group_mesh(program),
        len(plan.stages or stages_of(program.graph)),
    )
    size = devices.size if devices else 1
    line = max(processes // size, 1) if plan.schedule == "interleaved" else stages
    what = f"{stages} stages" + f" of {size} devices" * (size > 1)
    replicas = _replicas(plan, line * size, what, plan.microbatches)
    mesh = device_mesh({"data": replicas, "stage": line, "split": size}, plan)
    pipeline = Pipeline(
        program,
        api.build(program).state_dict(),
        F.cross_entropy,
        batch=plan.batch // replicas,
        microbatches=plan.microbatches,
        schedule=plan.schedule,  # type: ignore[arg-type]
        paths=plan.stages,
        group=mesh["stage"].get_group(),
        link=WatchedLink(watch, mesh["split"].get_group()) if devices else None,
        replica=mesh["data"].get_local_rank(),
        replicas=replicas,
        device=plan.device,
        watch=watch,
    )
    cut = Cut(pipeline.parts, mesh["split"].get_local_rank()) if devices else None
    return Staged(pipeline, mesh["data"], watch, cut, plan)


def _on_mesh(plan: Plan, watch: Watch) -> Training:
    program = plan.program
    devices = group_mesh(program)
    size = devices.size if devices else 1
    replicas = _replicas(plan, size, str(devices))
    if devices is None:
        mesh = device_mesh({"data": replicas}, plan)
    else:
        mesh = device_mesh({"data": replicas, devices.name: size}, plan)
    module = on_mesh(program, mesh, lambda: api.build(program), drawn=True)
    watched(module, watch)
    own = mesh.get_local_rank(1) if devices else 0
    cut = Cut(local(program, own).parts, own) if devices else None
    return OnMesh(module, mesh, watch, cut, plan)


def device_mesh(axes: Mapping[str, int], plan: Plan) -> DeviceMesh:
    """Of all processes. Its groups wait for a peer as long as asked; those of `init_device_mesh` wait half an hour."""
    ranks = torch.arange(dist.get_world_size()).view(*axes.values())
    groups: list[Any] = [
        dist.new_subgroups_by_enumeration(
            ranks.movedim(axis, -1).reshape(-1, size).tolist(), timeout=timedelta(seconds=plan.timeout)
        )[0]
        for axis, size in enumerate(axes.values())
    ]
    return DeviceMesh.from_group(groups, plan.device.type, mesh=ranks, mesh_dim_names=tuple(axes))


def _replicas(plan: Plan, each: int, what: str, microbatches: int = 1) -> int:
    """How many there are, of so many processes each. Raises `DevicesError`."""
    program, found = plan.program, dist.get_world_size()
    if found % each:
        raise refused(OtherProcesses(program.title, each, found, what), program)
    replicas, parts = found // each, found // each * microbatches
    if plan.batch % parts:
        said = f"{replicas} replica{'s' * (replicas > 1)}" + f" of {microbatches} microbatches" * (microbatches > 1)
        below = plan.batch // parts * parts
        near = f"{below} or {below + parts}" if below else str(parts)
        raise refused(UndividedBatch(plan.batch, said, near), program)
    return replicas
