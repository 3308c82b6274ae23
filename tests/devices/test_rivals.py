"""On the papers' networks no plan is slower than cuts of equal size, replicas alone, or torch's own splitting."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from archdsl.api import program
from archdsl.devices.plan.ask import Answer, ask
from archdsl.devices.plan.choose import Request
from archdsl.devices.plan.compare import rivals, turns
from archdsl.devices.plan.machine import Machine
from archdsl.devices.plan.match import stages_of
from archdsl.devices.plan.solve import Terms
from archdsl.ir.graph import Program
from tests.devices import exhaustive
from tests.devices.torch_splits import equal_modules, equal_parameters, leaves, torch_stages, units_of

SPECS = Path(__file__).parents[2] / "specs"
NETWORKS = [
    ("lenet", "lenet5"),
    ("alexnet", "alexnet_2012"),
    ("vgg", "vgg11"),
    ("vgg", "vgg19_bn"),
    ("resnet", "resnet18"),
    ("resnet", "resnet152"),
    ("resnet_cifar", "resnet110"),
    ("densenet", "densenet121"),
    ("googlenet", "googlenet"),
    ("inception_v3", "inception_v3"),
]
SPLIT_BY_TORCH = [("vgg", "vgg11"), ("alexnet", "alexnet_torchvision"), ("resnet", "resnet18")]
MACHINES = {
    "fast links": Machine(link=10**11, memory=10**12),
    "slow links": Machine(link=10**9, memory=10**12),
    "slow devices": Machine(flops=10**11, memory=10**12),
}


@cache
def network(file: str, variant: str) -> Program:
    return program(SPECS / f"{file}.arch", variant)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
@pytest.mark.parametrize("devices", [2, 4, 16])
@pytest.mark.parametrize(("file", "variant"), NETWORKS)
def test_nothing_else_is_faster(file: str, variant: str, devices: int, machine: Machine) -> None:
    answer = ask(network(file, variant), Request(devices, 64, machine))
    others = list(rivals(answer.network, answer.request, answer.choice))
    assert {other.name for other in others} >= {"one device", "replicas alone"}
    for other in others:
        assert answer.plan.step_seconds <= other.seconds * (1 + 1e-9), other


@pytest.mark.parametrize(("file", "variant"), SPLIT_BY_TORCH)
@pytest.mark.parametrize("stages", [2, 3])
def test_torchs_own_splitting_is_not_faster(file: str, variant: str, stages: int) -> None:
    """`torch.distributed.pipelining` cuts where it is told: where parameters are in equal parts, and where steps are.

    Its stages, told by their parameters, are predicted to take no less than as many of a plan.
    """
    planned = pipeline_of(network(file, variant), stages)
    path = SPECS / f"{file}.arch"
    modules = leaves(path, variant)
    for points in (equal_parameters(modules, stages), equal_modules(modules, stages)):
        units = units_of(planned.network, torch_stages(path, variant, points))
        terms = Terms(planned.request.machine, "1f1b", planned.choice.microbatches)
        found = exhaustive.times(planned.network, terms, planned.choice.microbatch, units)
        assert found is not None
        assert planned.choice.split.slowest <= max(found[0]) * (1 + 1e-9)


@pytest.mark.parametrize(("file", "variant"), SPLIT_BY_TORCH)
def test_torch_can_split_where_a_plan_does(file: str, variant: str) -> None:
    """The stages that it makes there have the parameters that the plan says."""
    answer = pipeline_of(network(file, variant), 3)
    steps = answer.network.flow.steps
    keys = [
        {steps[number].address for number in part if answer.network.measured(1).steps[number].state_bytes}
        for part in stages_of(answer.plan, answer.network.program, "plan.json")
    ]
    starts = [min(part, key=lambda address: [step.address for step in steps].index(address)) for part in keys[1:]]
    made = torch_stages(SPECS / f"{file}.arch", variant, starts)
    assert [{key.rpartition(".")[0] for key in part} for part in made] == keys


def pipeline_of(program: Program, stages: int) -> Answer:
    """A plan without replicas: nothing divides a batch of 13."""
    answer = ask(program, Request(stages, 13, Machine(flops=10**12, memory=10**12)))
    assert answer.choice.replicas == 1
    assert answer.choice.split.stages > 1
    return answer


def test_another_batch_another_plan() -> None:
    """AlexNet: with few samples the sum of gradients costs most, with many what crosses between stages."""
    answer = ask(network("alexnet", "alexnet_2012"), Request(4, 64))
    found = {turn.batch: (turn.stages, turn.replicas) for turn in turns(answer.network, answer.request, answer.choice)}
    for batch, ways in found.items():
        other = ask(network("alexnet", "alexnet_2012"), Request(4, batch)).choice
        assert (other.split.stages, other.replicas) == ways
    low, high = sorted(found)
    assert low < 64 < high
    for batch in (low * 2, high // 2):
        same = ask(network("alexnet", "alexnet_2012"), Request(4, batch)).choice
        assert (same.split.stages, same.replicas) == (answer.choice.split.stages, answer.choice.replicas)


def test_stages_follow_one_another() -> None:
    answer = ask(network("googlenet", "googlenet_no_aux"), Request(4, 13, MACHINES["slow devices"]))
    assert answer.plan.stages[0].steps[0] == "conv1"
    for before, behind in pairwise(answer.choice.split.cuts):
        assert before.within(behind) and not behind.within(before)
