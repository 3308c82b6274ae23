"""What a plan predicts of memory and FLOPs, against training steps of the emitted modules."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

import archdsl
from archdsl.api import program
from archdsl.devices.plan.ask import ask
from archdsl.devices.plan.choose import Request
from archdsl.devices.plan.flow import Flow
from archdsl.devices.plan.machine import Machine
from archdsl.devices.plan.measure import Measured
from archdsl.devices.plan.plan import Stage
from archdsl.ir.graph import Program
from tests.devices.networks import steps
from tests.devices.saving import saving

SPECS = Path(__file__).parents[2] / "specs"
BATCH = 2

NETWORKS = [
    ("lenet", "lenet5"),
    ("alexnet", "alexnet_2012"),
    ("alexnet", "alexnet_torchvision"),
    ("vgg", "vgg11"),
    ("resnet", "resnet18"),
    ("googlenet", "googlenet"),
    ("densenet", "densenet121"),
    ("mobilenet_v3", "mobilenet_v3_small"),
    ("vit", "vit_b_32"),
]

UNCOUNTED = {
    "alexnet_2012": "the counter takes a grouped convolution's backward pass for an ungrouped one's",
    "mobilenet_v3_small": "likewise",
    "vit_b_32": "it does not know the CPU's kernel of attention",
}


@cache
def trained(file: str, variant: str) -> tuple[int, int]:
    """Bytes that autograd saves in a step, less parameters and buffers, and its FLOPs, as torch counts them."""
    network = program(SPECS / f"{file}.arch", variant)
    module = archdsl.load(SPECS / f"{file}.arch", variant).train()
    inputs = [torch.randn(x.shape.at({**network.nominal, "N": BATCH})) for x in network.graph.inputs if x.shape]
    with saving(module) as saved, FlopCounterMode(display=False) as counter:
        made = module(*inputs)
        outputs: list[Tensor] = [made] if isinstance(made, Tensor) else [x for x in made if x is not None]
        sum(x.sum() for x in outputs).backward()  # type: ignore[union-attr]
    return saved.bytes, counter.get_total_flops()


@pytest.mark.parametrize(("file", "variant"), NETWORKS)
def test_activations_are_what_autograd_saves(file: str, variant: str) -> None:
    """To the byte."""
    flow = Flow(program(SPECS / f"{file}.arch", variant))
    measured = Measured(flow, "N", BATCH)
    kept = sum(cost.kept_bytes for cost in measured.steps)
    kept += sum(measured.bytes(value) for value in flow.inputs if measured.kept(value))
    assert kept == trained(file, variant)[0]


@pytest.mark.parametrize(("file", "variant"), [pair for pair in NETWORKS if pair[1] not in UNCOUNTED])
def test_flops_are_what_torch_counts(file: str, variant: str) -> None:
    measured = Measured(Flow(program(SPECS / f"{file}.arch", variant)), "N", BATCH)
    assert sum(cost.flops for cost in measured.steps) == trained(file, variant)[1]


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize(("file", "variant"), [("lenet", "lenet5"), ("resnet", "resnet18")])
def test_weights_gradients_and_optimizer(file: str, variant: str, optimizer: str) -> None:
    """To the byte, over all stages."""
    network = program(SPECS / f"{file}.arch", variant)
    module = archdsl.load(SPECS / f"{file}.arch", variant)
    chosen = {
        "sgd": lambda: torch.optim.SGD(module.parameters(), 0.1),
        "momentum": lambda: torch.optim.SGD(module.parameters(), 0.1, momentum=0.9),
        "adam": lambda: torch.optim.Adam(module.parameters()),
    }[optimizer]()
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    chosen.step()
    state = [x for each in chosen.state.values() for x in each.values() if isinstance(x, Tensor) and x.dim()]
    # Single numbers apart: Adam counts its steps in one for each parameter, on the host.
    stages = pipeline(network, optimizer)
    assert len(stages) > 1
    assert sum(stage.weight_bytes for stage in stages) == bytes_of(module.state_dict().values())
    assert sum(stage.gradient_bytes for stage in stages) == bytes_of(x.grad for x in module.parameters())
    assert sum(stage.optimizer_bytes for stage in stages) == bytes_of(state)


def pipeline(network: Program, optimizer: str) -> tuple[Stage, ...]:
    """A plan that has stages: a batch of seven can't be divided over two replicas."""
    return ask(network, Request(2, 7, Machine(flops=10**9, optimizer=optimizer))).plan.stages


def bytes_of(tensors: object) -> int:
    return sum(x.untyped_storage().nbytes() for x in tensors)  # type: ignore[attr-defined]


def test_a_segment_that_is_computed_again_keeps_its_input_alone() -> None:
    """And its FLOPs count three and one more times."""
    plain = steps("conv(8, 3x3, pad=1)", "a: { conv(16, 1x1) -> relu -> conv(8, 1x1) -> relu }", "conv(4, 1x1)")
    again = steps(
        "conv(8, 3x3, pad=1)", "a: checkpoint { conv(16, 1x1) -> relu -> conv(8, 1x1) -> relu }", "conv(4, 1x1)"
    )
    costs = [Measured(Flow(network), "N", 4) for network in (plain, again)]
    kept, kept_again = (sum(cost.kept_bytes for cost in each.steps) for each in costs)
    inside = 4 * 4 * 4 * 4 * 16  # four maps of 4x4, 16 channels, after the first relu: read by relu and conv
    assert kept - kept_again == inside
    flops, flops_again = (sum(cost.flops for cost in each.steps) for each in costs)
    assert flops_again - flops == 2 * 4 * 16 * (8 * 16 + 16 * 8)


def test_frozen_layers_cost_less() -> None:
    """The first has no gradient to pass on, the second none of its own."""
    free, frozen = (
        Measured(Flow(steps(f"conv(8, 1x1{end})", f"conv(8, 1x1{end})", "conv(8, 1x1)")), "N", 1).steps
        for end in ("", ", freeze=true")
    )
    assert [a.flops - b.flops for a, b in zip(free, frozen)] == [
        free[0].flops // 2,
        2 * (free[1].flops // 3),
        free[2].flops // 3,
    ]
    assert [cost.trained_bytes for cost in frozen][:2] == [0, 0]
