"""Real processes that train a network and count what they send: `measured(Job(spec, devices, batch), ...)`."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.distributed.device_mesh import init_device_mesh

from archdsl import api
from archdsl.devices.traffic_counted import Counting
from archdsl.ir.graph import Program


class Measured:
    """Of a step of training, summed over all processes: bytes sent by kind of collective; bytes on the interface."""

    def __init__(self, sent: dict[str, Fraction], interface: float, idle: float, seconds: float) -> None:
        self.sent = sent
        self.interface = interface
        self.idle = idle
        self.seconds = seconds

    @property
    def total(self) -> Fraction:
        return sum(self.sent.values(), Fraction(0))


def loopback() -> int:
    """Bytes that the loopback interface has taken in."""
    with open("/proc/net/dev", encoding="ascii") as lines:
        found = next(line for line in lines if line.strip().startswith("lo:"))
    return int(found.partition(":")[2].split()[0])


class Job(NamedTuple):
    """What to train: the network of a spec, on so many devices."""

    spec: Path
    devices: int
    batch: int
    steps: int = 1


def measured(*jobs: Job) -> list[Measured]:
    """Train in processes over gloo: a step to set up, one to count, and `steps` to read the interface's counter."""
    processes = max(job.devices for job in jobs)
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(_process, (jobs, folder), nprocs=processes)  # pyright: ignore[reportPrivateImportUsage]
        return [_put_together(job, Path(folder) / str(number)) for number, job in enumerate(jobs)]


def _put_together(job: Job, path: Path) -> Measured:
    found = [torch.load(f"{path}.{rank}", weights_only=False) for rank in range(job.devices)]
    sent: dict[str, Fraction] = {}
    for own in found:
        for kind, amount in own["sent"]:
            sent[kind] = sent.get(kind, Fraction(0)) + amount
    first: dict[str, Any] = found[0]
    return Measured(sent, *(first[name] / job.steps for name in ("interface", "idle", "seconds")))


def _process(rank: int, jobs: Sequence[Job], folder: str) -> None:
    torch.set_num_threads(1)
    for number, job in enumerate(jobs):
        if rank < job.devices:
            _run(rank, job, f"{folder}/{number}")


def _run(rank: int, job: Job, path: str) -> None:
    devices, spec, batch, steps = job.devices, job.spec, job.batch, job.steps
    dist.init_process_group("gloo", init_method=f"file://{path}.store", rank=rank, world_size=devices)
    mesh = init_device_mesh("cpu", (devices,), mesh_dim_names=("gpus",))
    torch.manual_seed(0)
    program: Program = api.program(spec)
    model = api.load(spec, mesh=mesh)
    shapes = [value.shape.at({**program.nominal, "N": batch}) for value in program.graph.inputs if value.shape]
    inputs = [torch.randn(shape) for shape in shapes]

    def step() -> None:
        model.zero_grad()
        model(*inputs).square().mean().backward()

    step()
    with Counting() as counting:
        step()
    dist.barrier()
    time.sleep(0.1)  # until what the barrier sent has been counted by the system
    before, start = loopback(), time.perf_counter()
    for _ in range(steps):
        step()
    dist.barrier()
    seconds = time.perf_counter() - start
    time.sleep(0.1)
    after = loopback()
    time.sleep(seconds)  # what others send on the interface meanwhile
    idle = loopback() - after
    torch.save(
        {
            "sent": [(call.kind, call.sent) for call in counting.calls],
            "interface": after - before,
            "idle": idle,
            "seconds": seconds,
        },
        f"{path}.{rank}",
    )
    dist.barrier()
    dist.destroy_process_group()
