"""A pipeline of real processes trains as the network on one device does.

Loss and weights differ by rounding alone: a microbatch's sums are added up in another order. Dropout, drop path and the
initial weights are the same numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.nn import functional as F

from archdsl import api
from archdsl.compiler import check
from archdsl.devices.pipeline import Pipeline, ScheduleName
from archdsl.devices.stages import NotStaged
from archdsl.ir.graph import Program
from archdsl.source import Source

SPEC = """
network net(classes = 10) {
    input image: [N, 3, H = 8, W = 8]
    stage { conv1: conv(8, 3x3, pad=1) -> relu -> early: conv(8, 3x3, pad=1) -> dropout(0.1) }
    stage { residual(drop=0.2) { conv2: conv(8, 3x3, pad=1) } }
    stage { conv3: conv(16, 3x3, stride=2, pad=1) -> relu -> dropout(0.3, channels=true) }
    stage {
        add { @; @early -> conv(16, 1x1, stride=2) } -> avgpool(out=1x1)
        flatten -> dropout(0.5) -> fc: linear(classes)
    }
}
"""
STEPS, BATCH = 5, 8
RUNS: tuple[tuple[ScheduleName, int], ...] = (("gpipe", 4), ("1f1b", 8))


def program() -> Program:
    checked = check(Source("net.arch", SPEC))
    assert checked.program is not None, checked.diagnostics
    return checked.program


def data() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(3)
    return torch.randn(BATCH, 3, 8, 8), torch.randint(10, (BATCH,))


def one_device() -> tuple[list[float], dict[str, torch.Tensor]]:
    torch.manual_seed(0)
    module = api.build(program())
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    image, target = data()
    torch.manual_seed(1)
    losses: list[float] = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(module(image), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, module.state_dict()


def process(rank: int, size: int, runs: Any, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=size)
    results: list[object] = []
    image, target = data()
    for schedule, microbatches in runs:
        torch.manual_seed(0)
        state = api.build(program()).state_dict()
        pipeline = Pipeline(
            program(), state, F.cross_entropy, batch=BATCH, microbatches=microbatches, schedule=schedule
        )
        optimizer = torch.optim.SGD(pipeline.modules.parameters(), lr=0.1, momentum=0.9)
        torch.manual_seed(1)
        losses: list[float] = []
        for _ in range(STEPS):
            optimizer.zero_grad()
            inputs = (image,) if pipeline.first else ()
            _, loss = pipeline.step(*inputs, target=target if pipeline.last else None)
            optimizer.step()
            if loss is not None:
                losses.append(loss.item())
        results.append(
            (losses, {key: value for stage in pipeline.modules for key, value in stage.state_dict().items()})
        )
    torch.save(results, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


@pytest.mark.parametrize(("size", "runs"), [(4, RUNS), (2, (("interleaved", 4),))], ids=["4", "2"])
def test_trains_as_one_device_does(size: int, runs: Any, tmp_path: Path) -> None:
    mp.spawn(process, (size, runs, str(tmp_path)), nprocs=size)  # type: ignore[no-untyped-call]
    losses, weights = one_device()
    by_rank = [torch.load(tmp_path / f"{rank}.pt") for rank in range(size)]
    for run in range(len(runs)):
        parts = [results[run] for results in by_rank]
        assert parts[-1][0] == pytest.approx(losses, rel=1e-5)
        found = {key: value for _, part in parts for key, value in part.items()}
        assert found.keys() == weights.keys()
        for key, value in found.items():
            torch.testing.assert_close(value, weights[key], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("batch", "microbatches", "said"), [(8, 3, "does not divide into 3"), (8, 4, "4 stages need as many processes")]
)
def test_refuses_what_would_hang(batch: int, microbatches: int, said: str, tmp_path: Path) -> None:
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        with pytest.raises(NotStaged, match=said):
            Pipeline(program(), {}, F.cross_entropy, batch=batch, microbatches=microbatches)
    finally:
        dist.destroy_process_group()
