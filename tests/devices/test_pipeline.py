"""A pipeline of real processes trains as the network on one device does.

They differ by rounding alone: a microbatch's sums are added up in another order. Dropout, drop path and the initial
weights are the same numbers. What is compared with what where there is batch normalisation: `staging.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch.nn import functional as F

from archdsl import api
from archdsl.devices.pipeline import Pipeline, ScheduleName
from archdsl.devices.stages import NotStaged
from tests.devices import networks
from tests.devices.agreement import difference
from tests.devices.networks import program
from tests.devices.staging import CASES, Staged, one_device, runs_by_stages
from tests.devices.test_agreement import TOLERANCE

SPEC = """
network net(classes = 10) {
    input image: [N, 3, H = 8, W = 8]
    stage { conv1: conv(8, 3x3, pad=1) -> relu -> early: conv(8, 3x3, pad=1) -> dropout(0.1) }
    stage { residual(drop=0.2) { conv2: conv(8, 3x3, pad=1) } }
    stage { checkpoint { conv3: conv(16, 3x3, stride=2, pad=1) -> relu -> dropout(0.3, channels=true) -> relu } }
    stage {
        add { @; @early -> conv(16, 1x1, stride=2) } -> avgpool(out=1x1)
        flatten -> dropout(0.5) -> fc: linear(classes)
    }
}
"""
SMALL: tuple[tuple[int, ScheduleName, int], ...] = ((4, "gpipe", 4), (4, "1f1b", 8), (2, "interleaved", 4))
OF_PAPERS = [
    case for case in CASES[2] if (case.target, case.schedule) in (("resnet18", "1f1b"), ("narrow_vgg11", "interleaved"))
]


def need_agreement(cases: Sequence[Staged], folder: Path) -> None:
    found = {
        f"{case.target}: {case.how}": difference(run, one_device(case)).largest
        for case, run in zip(cases, runs_by_stages(cases, folder))
    }
    assert {title: error for title, error in found.items() if error > TOLERANCE} == {}


@pytest.mark.parametrize("size", [2, 4])
def test_trains_as_one_device_does(size: int, tmp_path: Path) -> None:
    cases = [
        Staged(SPEC, "net", (8, 3, 8, 8), None, processes, schedule, microbatches, "", 0.1)
        for processes, schedule, microbatches in SMALL
        if processes == size
    ]
    need_agreement(cases, tmp_path)


@pytest.mark.parametrize(
    "cases",
    [OF_PAPERS, *(pytest.param(cases, marks=pytest.mark.slow) for cases in CASES.values())],
    ids=["some", "all in 2", "all in 4"],
)
def test_networks_of_papers_train_as_one_device_does(cases: Sequence[Staged], tmp_path: Path) -> None:
    need_agreement(cases, tmp_path)


def test_refuses_other_sizes_than_it_was_built_for(tmp_path: Path) -> None:
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        one = networks.steps("conv1: conv(8, 3x3) -> avgpool(out=1x1) -> flatten")
        state = api.build(one).state_dict()
        pipeline = Pipeline(one, state, F.cross_entropy, batch=8, microbatches=2, paths=[["conv1"]])
        with pytest.raises(NotStaged, match="built for inputs of"):
            pipeline.step(torch.randn(8, 4, 16, 16), target=torch.zeros(8, dtype=torch.long))
    finally:
        dist.destroy_process_group()


@pytest.mark.parametrize(
    ("batch", "microbatches", "said"), [(8, 3, "does not divide into 3"), (8, 4, "4 stages need as many processes")]
)
def test_refuses_what_would_hang(batch: int, microbatches: int, said: str, tmp_path: Path) -> None:
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        with pytest.raises(NotStaged, match=said):
            Pipeline(program(SPEC), {}, F.cross_entropy, batch=batch, microbatches=microbatches)
    finally:
        dist.destroy_process_group()
