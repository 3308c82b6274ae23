"""The stages that a plan says compute, put together, what the network does."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import torch
import torch.distributed as dist
from torch.testing._internal.distributed.fake_pg import FakeStore

from archdsl import api
from archdsl.devices.plan.ask import ask
from archdsl.devices.plan.choose import Request
from archdsl.devices.plan.compare import rivals
from archdsl.devices.plan.file import plan_json
from archdsl.devices.plan.machine import Machine
from archdsl.devices.plan.suggest import suggestion
from archdsl.devices.stages import staged
from archdsl.diagnostic import CompileError
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
        ("vit", "vit_b_32", 224, 3),
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


def test_what_no_pipeline_runs_stays_on_one_stage() -> None:
    """GoogLeNet has outputs that are made in training only; without them it is cut."""
    asked = Request(4, 13, Machine(flops=10**12))
    answer = ask(api.program(SPECS / "googlenet.arch", "googlenet"), asked)
    assert answer.network.unstaged == "googlenet has outputs that are made in training only"
    assert (len(answer.plan.stages), answer.plan.replicas) == (1, 1)
    assert {rival.name for rival in rivals(answer.network, asked, answer.choice)} == {"one device"}
    found = suggestion(answer)
    assert found is not None and len(found.answer.plan.stages) == 1
    assert len(ask(api.program(SPECS / "googlenet.arch", "googlenet_no_aux"), asked).plan.stages) == 4


def test_load_gives_the_stage_of_this_process(tmp_path: Path) -> None:
    """By its rank, in a group that only counts; one behind the other they are the network."""
    spec, image = SPECS / "resnet_cifar.arch", torch.randn(2, 3, 32, 32)
    program = api.program(spec, "resnet20")
    path = tmp_path / "plan.json"
    plan = ask(program, Request(3, 13, Machine(flops=10**11))).plan
    path.write_text(plan_json(plan, program), encoding="utf-8")
    values: tuple[torch.Tensor, ...] = (image,)
    for rank in range(len(plan.stages)):
        dist.init_process_group("fake", store=FakeStore(), rank=rank, world_size=len(plan.stages))
        try:
            torch.manual_seed(0)
            made = api.load(spec, "resnet20", plan=path).eval()(*values)
        finally:
            dist.destroy_process_group()
        values = (*made,) if isinstance(made, tuple) else (made,)
    torch.manual_seed(0)
    torch.testing.assert_close(values[0], api.load(spec, "resnet20").eval()(image), rtol=0, atol=0)
    with pytest.raises(ValueError, match="is for 3 processes, and there are 1"):
        api.load(spec, "resnet20", plan=path)
    with pytest.raises(CompileError, match="E1358"):
        api.load(spec, "resnet32", plan=path)
