"""Which axis of a `DeviceMesh` is the spec's group of devices, and which are data axes."""

from __future__ import annotations

from math import prod

import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh

from archdsl.devices.error import refused
from archdsl.errors.devices import NoMeshAxis, NotADeviceMesh, OtherMeshSize, OutsideMesh
from archdsl.ir.graph import Program
from archdsl.ir.shares import Mesh


class Axes:
    """A process's place in a mesh.

    group:    of the processes that run one network together; None where each runs all of it.
    others:   the groups along the data axes.
    rows:     of which part of a step's batch this process has the samples, counted along the data axes.
    replicas: how many such parts there are.
    """

    def __init__(self, mesh: DeviceMesh, split: int | None) -> None:
        coordinate = mesh.get_coordinate() or []
        data = [axis for axis in range(mesh.ndim) if axis != split]
        self.group = None if split is None else mesh.get_group(split)
        self.others = [mesh.get_group(axis) for axis in data]
        self.replicas = prod(mesh.size(axis) for axis in data)
        self.rows = 0
        for axis in data:
            self.rows = self.rows * mesh.size(axis) + coordinate[axis]


def axes_of(mesh: object, devices: Mesh | None, program: Program) -> Axes:
    """What this process does for a network with that group of devices. Raises `DevicesError`."""
    if not isinstance(mesh, DeviceMesh):
        name, size = (devices.name, devices.size) if devices else ("data", 2)
        make = f'mesh = init_device_mesh("cpu", ({size},), mesh_dim_names=("{name}",))'
        raise refused(NotADeviceMesh(type(mesh).__name__, make), program)
    if mesh.get_coordinate() is None:
        raise refused(OutsideMesh(dist.get_rank()), program)
    if devices is None:
        return Axes(mesh, None)
    axis = _axis(mesh, devices, program)
    if mesh.size(axis) != devices.size:
        found = mesh.size(axis)
        mend = _fitting(mesh.device_type, found, devices)
        raise refused(OtherMeshSize(found, devices.name, str(devices), devices.size, mend), program)
    return Axes(mesh, axis)


def _axis(mesh: DeviceMesh, devices: Mesh, program: Program) -> int:
    names = mesh.mesh_dim_names
    if names is None and mesh.ndim == 1:
        return 0
    if names is None or devices.name not in names:
        shown = ", ".join(f"`{name}`" for name in names) if names else f"{mesh.ndim} without names"
        mend = _fitting(mesh.device_type, mesh.size(), devices)
        raise refused(NoMeshAxis(devices.name, shown, mend), program)
    return names.index(devices.name)


def _fitting(kind: str, processes: int, devices: Mesh) -> str:
    """A mesh of as many processes, if they divide. All axes of the spec's mesh are one of it."""
    name, size = devices.name, devices.size
    if processes % size or processes == size:
        return f'init_device_mesh("{kind}", ({size},), mesh_dim_names=("{name}",))'
    return f'init_device_mesh("{kind}", ({processes // size}, {size}), mesh_dim_names=("data", "{name}"))'
