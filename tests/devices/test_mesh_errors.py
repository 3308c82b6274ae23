"""What `load(mesh=...)` refuses: in every process at once, so that none waits for another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

import archdsl
from archdsl.devices.error import DevicesError
from tests.devices.agreement import start, start_processes

SPLIT = """
mesh gpus[2]
network net(classes = 10) {
    input x: [N, 8]
    split(gpus) { a: linear(16) -> dropout(0.5) }
    linear(classes)
}
"""
RRELU = "mesh gpus[2]\nnetwork net() { input x: [N, 8]; split(gpus) { linear(16) -> rrelu } }\n"
TORN = "mesh gpus[2]\nnetwork net() { input x: [N, 8]; a: linear(8); split(gpus) { b: linear(8, weight=@a.weight) } }\n"
TWICE = """
mesh gpus[2]
network net() { input x: [N, 8]; split(gpus) { checkpoint { checkpoint { linear(8) -> exchange } } } }
"""
POD = "mesh pod[2, 1]\nnetwork net() { input x: [N, 8]; split(pod) { linear(8) } }\n"
ONCE = "mesh gpus[2]\nnetwork net() { input x: [N, 8]; checkpoint { linear(8); on(gpus[1]) { relu } } }\n"
DRAWN = "mesh gpus[2]\nnetwork net() { input x: [N, 8]; on(gpus[1]) { rrelu } }\n"
FLAT = "network net() { input x: [N, 8, 4]; sdpa(@, @, @, dropout=0.5) }\n"
TURNED = 'network net() { input x: [N, 8, 4]; rearrange("n l d -> l n d"); dropout(0.5) }\n'


def mesh(*sizes: int, names: tuple[str, ...] | None) -> DeviceMesh:
    return init_device_mesh("cpu", sizes, mesh_dim_names=names)


def unlike_parameters() -> None:
    archdsl.loads(SPLIT, mesh=mesh(2, names=("gpus",)), classes=10 + dist.get_rank())


def unlike_seeds() -> None:
    torch.manual_seed(dist.get_rank())
    archdsl.loads(SPLIT, mesh=mesh(2, names=("gpus",)))


def unlike_masks() -> None:
    module = archdsl.loads(SPLIT, mesh=mesh(2, names=None))
    torch.manual_seed(dist.get_rank())
    module(torch.ones(2, 8))


def unlike_inputs() -> None:
    module = archdsl.loads(SPLIT, mesh=mesh(2, names=None)).eval()
    module(torch.ones(2, 8) + dist.get_rank())


IN_PROCESSES: list[tuple[str, str, Callable[[], None]]] = [
    ("E1324", "processes 1 load another network than process 0", unlike_parameters),
    ("E1325", "the weights are about to be drawn", unlike_seeds),
    ("E1325", "dropout is about to draw", unlike_masks),
    ("E1326", "processes 1 are given another input than process 0", unlike_inputs),
    (
        "E1321",
        'make it so: init_device_mesh("cpu", (2,), mesh_dim_names=("pod",))',
        lambda: loads(mesh(2, 1, names=("a", "b")), POD),
    ),
    ("E1321", "no axis of the DeviceMesh is `gpus`: it has `tensor`", lambda: loads(mesh(2, names=("tensor",)))),
    ("E1327", "all of its values; exchange before it", lambda: loads(mesh(2, names=None), RRELU)),
    ("E1327", "`b.weight` is `a.weight`, but devices", lambda: loads(mesh(2, names=None), TORN)),
    ("E1327", "exchanges values within two `checkpoint`s", lambda: loads(mesh(2, names=None), TWICE)),
    ("E1327", "put it into the `on`", lambda: loads(mesh(2, names=None), ONCE)),
    ("E1327", "all of its values; take it out of the `on`", lambda: loads(mesh(2, names=None), DRAWN)),
    ("E1327", "what `sdpa` draws can't", lambda: loads(mesh(2, names=("data",)), FLAT)),
    ("E1327", "first axis is not the batch", lambda: loads(mesh(2, names=("data",)), TURNED)),
]


def loads(mesh: object, spec: str = SPLIT) -> None:
    archdsl.loads(spec, mesh=mesh)  # type: ignore[arg-type]


def _process(rank: int, size: int, folder: str) -> None:
    start(rank, size, folder)
    for code, said, make in IN_PROCESSES:
        torch.manual_seed(0)
        with pytest.raises(DevicesError) as raised:
            make()
        assert [each.code for each in raised.value.diagnostics] == [code]
        assert said in str(raised.value)
        dist.barrier()
    plain = "network net() { input x: [N, 8]; linear(2) }"
    first_alone = DeviceMesh("cpu", [0], mesh_dim_names=("data",))  # all make it, process 0 is in it
    if rank == 0:
        archdsl.loads(plain, mesh=first_alone)
    else:
        for spec in (plain, SPLIT):
            with pytest.raises(DevicesError, match=r"E1323.*process 1 is not in the DeviceMesh"):
                loads(first_alone, spec)
    dist.barrier()
    torch.manual_seed(0)  # process 0 has drawn weights since
    replica = archdsl.loads(plain, mesh=mesh(2, names=("data",)))
    with pytest.warns(UserWarning, match="whose gradients nobody averages"):
        replica(torch.ones(2, 8))
    dist.destroy_process_group()


def test_processes_that_differ_are_told_at_once(tmp_path: Path) -> None:
    start_processes(_process, 2, str(tmp_path))


def test_no_mesh_at_all() -> None:
    with pytest.raises(DevicesError, match=r"E1320.*not int") as raised:
        loads(2)
    assert 'mesh = init_device_mesh("cpu", (2,), mesh_dim_names=("gpus",))' in str(raised.value)


def test_another_number_of_processes(tmp_path: Path) -> None:
    start(0, 1, str(tmp_path))
    try:
        with pytest.raises(DevicesError, match=r"E1322.*1 processes along `gpus`, but the spec says gpus"):
            loads(mesh(1, names=("gpus",)))
    finally:
        dist.destroy_process_group()
