"""What a step on paper calls is what real processes over gloo call, in the same order and with as many bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.distributed.device_mesh import init_device_mesh
from torch.nn.parallel import DistributedDataParallel

from archdsl.api import build
from archdsl.devices.pipeline import Pipeline
from archdsl.devices.processes import ProcessLink
from archdsl.devices.replicas import average_gradients
from archdsl.devices.scale import Load, RankStep, steps
from archdsl.devices.traffic import traffic
from archdsl.devices.traffic_counted import Counting
from tests.devices.traffic_specs import checked

NET = """
mesh gpus[2]
network net {
    input x: [N, 3, 6, 6]
    stage { split(gpus) { early: conv(4, 3x3, pad=1) -> relu -> exchange -> conv(6, 3x3, pad=1) -> bn -> exchange } }
    stage { relu; add { split(gpus) { conv(8, 3x3, pad=1) }; conv(8, 1x1) } -> flatten -> linear(600) -> linear(600) }
}
"""
WHOLE = NET.replace("-> exchange", "").replace("split(gpus)", "").replace("mesh gpus[2]", "")
BATCH, MICROBATCHES = 8, 4


def loss(output: Any, target: torch.Tensor) -> torch.Tensor:
    return output.square().mean()


def piped(split: int) -> Callable[[], list[str]]:
    """A pipeline of two stages; with a split in them, or two replicas."""
    program = checked(NET if split > 1 else WHOLE)
    data = 4 // (2 * split)
    mesh = init_device_mesh("cpu", (data, 2, split), mesh_dim_names=("data", "stage", "split"))
    pipeline = Pipeline(
        program,
        build(program).state_dict(),
        loss,
        batch=BATCH,
        microbatches=MICROBATCHES,
        group=mesh["stage"].get_group(),
        link=ProcessLink(mesh["split"].get_group()) if split > 1 else None,
    )

    def step() -> list[str]:
        inputs = (torch.randn(BATCH, 3, 6, 6),) if pipeline.first else ()
        with Counting() as counting:
            pipeline.step(*inputs, target=torch.zeros(BATCH) if pipeline.last else None)
            if data > 1:
                average_gradients(pipeline.modules.parameters(), mesh["data"].get_group())
        return [repr(call) for call in counting.calls]

    return step


WIDE = """
network net {
    input x: [N, 700]
    linear(700) -> relu -> bn -> linear(700) -> relu -> linear(2000) -> relu -> linear(4000) -> linear(10)
}
"""


def replicas() -> Callable[[], list[str]]:
    """DDP as `archdsl.run` uses it, around a network whose gradients take several buckets."""
    module = DistributedDataParallel(build(checked(WIDE)))

    def step() -> list[str]:
        with Counting() as counting:
            loss(module(torch.randn(BATCH, 700)), torch.zeros(1)).backward()
        return [repr(call) for call in counting.calls if call.kind != "broadcast"]  # of DDP's buffers, before the step

    return step


STEPS = {"split": lambda: piped(2), "replicas of stages": lambda: piped(1), "replicas": replicas}


def averaged(rank: int) -> None:
    """Of parameters of two dtypes, and one that has no gradient; ranks count from 0 to 3."""
    parameters = [
        torch.nn.Parameter(torch.zeros(2, i, dtype=dtype))
        for i, dtype in enumerate((torch.float32, torch.float64) * 2, 1)
    ]
    for number, parameter in enumerate(parameters):
        parameter.grad = torch.full_like(parameter, rank * 10.0**number)
    frozen = torch.nn.Parameter(torch.zeros(3))
    average_gradients([*parameters, frozen], None)
    for number, parameter in enumerate(parameters):
        torch.testing.assert_close(parameter.grad, torch.full_like(parameter, 1.5 * 10**number), rtol=0, atol=0)
    assert frozen.grad is None


def process(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=4)
    torch.manual_seed(0)
    found: dict[str, list[str]] = {}
    for kind, made in STEPS.items():
        step = made()
        step()  # the first sets up connections and, with DDP, the buckets
        found[kind] = step()
    averaged(rank)
    torch.save(found, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


def test_processes_call_what_was_written(tmp_path: Path) -> None:
    mp.spawn(process, (str(tmp_path),), nprocs=4)  # type: ignore[no-untyped-call]
    found = [torch.load(tmp_path / f"{rank}.pt") for rank in range(4)]
    (split,) = steps(checked(NET), Load(1, BATCH, MICROBATCHES))
    assert [each["split"] for each in found] == [shown(split, rank // 2, rank % 2) for rank in range(4)]
    assert sum(rank.sent for rank in split) == traffic(checked(NET), "N").total.at(BATCH)
    (staged,) = steps(checked(WHOLE), Load(2, BATCH, MICROBATCHES))
    assert [each["replicas of stages"] for each in found] == [shown(staged, rank % 2) for rank in range(4)]
    (alone,) = steps(checked(WIDE), Load(4, BATCH))
    assert [each["replicas"] for each in found] == [shown(alone)] * 4


def shown(ranks: list[RankStep], line: int = 0, place: int = 0) -> list[str]:
    """The calls of one rank."""
    (rank,) = [rank for rank in ranks if (rank.line, rank.place) == (line, place)]
    return [repr(call) for call in rank.calls]
