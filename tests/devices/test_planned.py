"""The stages that a plan says compute, put together, what the network does."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import torch

from archdsl import api
from archdsl.devices.plan.ask import ask
from archdsl.devices.plan.choose import Request
from archdsl.devices.plan.machine import Machine
from archdsl.devices.stages import staged
from archdsl.ir.graph import Program
from tests.devices import networks

SPECS = Path(__file__).parents[2] / "specs"


def together(program: Program, devices: int, image: torch.Tensor, machine: Machine) -> int:
    """Run the stages of a plan behind one another, against the whole network; how many there are."""
    plan = ask(program, Request(devices, 13, machine)).plan
    assert plan.replicas == 1
    torch.manual_seed(0)
    whole = api.build(program).eval()
    state = whole.state_dict()
    values: tuple[torch.Tensor, ...] = (image,)
    keys: set[str] = set()
    for part, stage in zip(staged(program, [stage.steps for stage in plan.stages]), plan.stages):
        module = api.build(part.program).eval()
        own = module.state_dict()
        assert sum(tensor.untyped_storage().nbytes() for tensor in own.values()) == stage.weight_bytes
        assert not keys & own.keys()
        keys |= own.keys()
        module.load_state_dict({key: state[key] for key in own})
        made = module(*values)
        values = (*made,) if isinstance(made, tuple) else (made,)
    torch.testing.assert_close(values[0], whole(image), rtol=0, atol=0)
    assert keys == state.keys()
    return len(plan.stages)


@pytest.mark.parametrize(
    ("file", "variant", "size", "devices"),
    [
        ("alexnet", "alexnet_2012", 227, 3),
        ("vgg", "vgg11", 64, 4),
        ("resnet", "resnet18", 64, 2),
        ("resnet", "resnet50", 64, 4),
        ("resnet_cifar", "resnet20", 32, 4),
    ],
)
def test_networks_of_papers(file: str, variant: str, size: int, devices: int) -> None:
    program = api.program(SPECS / f"{file}.arch", variant)
    assert together(program, devices, torch.randn(2, 3, size, size), Machine(flops=10**12, memory=10**12)) > 1


@pytest.mark.parametrize("kind", ["chain", "skips", "branches"])
def test_random_networks(kind: str) -> None:
    """Skips that pass a stage, branches of which one is cut earlier than another, steps without a name."""
    counts: list[int] = []
    for seed in range(25):
        program = getattr(networks, kind)(Random(f"planned {kind} {seed}"))
        counts.append(together(program, 4, torch.randn(2, 4, 4, 4), Machine(flops=10**7, link=10**9)))
    assert sum(count > 1 for count in counts) > 10
