"""AlexNet of 2012 on two devices: two processes with a thread each, against one process with two threads.

A training step, of 32 images, at full size. The two processes compute the halves of the grouped layers, and tell each
other maps and gradients through gloo; how long they wait for that is measured where they call it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.nn import functional as F

import archdsl
from archdsl.devices.processes import ProcessLink
from benchmarks.measure import SPECS, Row, median_ratio, seconds

BATCH, ROUNDS, GOAL = 32, 7, 1.15
SPEC, VARIANT = SPECS / "alexnet.arch", "alexnet_two_devices"


def step_of(module: nn.Module) -> Callable[[], None]:
    image, target = torch.randn(BATCH, 3, 227, 227), torch.randint(1000, (BATCH,))
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        F.cross_entropy(module(image), target).backward()
        optimizer.step()

    return step


class Waiting:
    """The seconds that a process spends in calls of its link."""

    def __init__(self) -> None:
        self.seconds = 0.0
        for name in ("all_gather", "sum_of_parts", "sum"):
            setattr(ProcessLink, name, self._timed(getattr(ProcessLink, name)))

    def _timed(self, call: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def timed(link: ProcessLink, *args: Any) -> Tensor:
            start = perf_counter()
            result = call(link, *args)
            self.seconds += perf_counter() - start
            return result

        return timed


def _process(rank: int, folder: str) -> None:
    """Rounds of a step by both processes and one by the first alone, for which the other waits."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    waiting = Waiting()
    torch.manual_seed(0)
    together = step_of(archdsl.load(SPEC, VARIANT, mesh=init_device_mesh("cpu", (2,), mesh_dim_names=("gpus",))))
    alone = step_of(archdsl.load(SPEC, VARIANT)) if rank == 0 else lambda: None
    torch.manual_seed(0)  # both are to drop the same, and one has drawn weights twice
    times: list[tuple[float, float, float]] = []
    for _ in range(ROUNDS + 1):
        torch.set_num_threads(1)
        dist.barrier()
        waiting.seconds = 0.0
        split = seconds(together)
        waited = waiting.seconds
        torch.set_num_threads(2)
        dist.barrier()
        times.append((split, waited, seconds(alone)))
    if rank == 0:
        torch.save(times[1:], f"{folder}/times.pt")
    dist.barrier()
    dist.destroy_process_group()


def run() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(_process, (folder,), nprocs=2)  # type: ignore[no-untyped-call]
        times: list[tuple[float, float, float]] = torch.load(f"{folder}/times.pt")
    split, waited, alone = zip(*times)
    ratio = median_ratio(split, alone)
    share = median(wait / time for wait, time in zip(waited, split))
    measured = f"{median(split):.2f} s against {median(alone):.2f} s, ratio {ratio:.3f}"
    yield Row(
        f"AlexNet of 2012, training step of {BATCH} images: two processes with a thread each, against one with two",
        f"{measured}; {share:.0%} of it in exchanges and in waiting for the other",
        f"at most {GOAL}",
        ratio <= GOAL,
    )
