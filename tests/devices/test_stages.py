"""The networks of stages, put together, are the whole network: values, keys, weights."""

from __future__ import annotations

import pytest
import torch

from archdsl import api
from archdsl.compiler import check
from archdsl.devices.stages import NotStaged, Stage, staged
from archdsl.ir.graph import Program
from archdsl.source import Source

SKIPPING = """
block basic(c, stride = 1) {
    residual {
        conv(c, 3x3, stride=stride, pad=1) -> relu -> conv(c, 3x3, pad=1)
    } shortcut { if stride != 1 { conv(c, 1x1, stride=stride) } }
    relu
}
network skipping(classes = 10) {
    input image: [N, 3, H = 16, W = 16]
    stage { conv1: conv(4, 3x3, pad=1) -> relu -> early: basic(4) }
    stage { layer1: { basic(4) * 2 } }
    stage { layer2: { basic(8, stride=2) -> basic(8) } }
    stage { add { @; @early -> conv(8, 1x1, stride=2) } -> avgpool(out=1x1) -> flatten -> fc: linear(classes) }
}
"""


def program(text: str) -> Program:
    checked = check(Source("net.arch", text))
    assert checked.program is not None, checked.diagnostics
    return checked.program


def run_stages(
    whole: Program, stages: list[Stage], image: torch.Tensor
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The output, and all the stages' keys, with the whole network's weights."""
    torch.manual_seed(0)
    state = api.build(whole).state_dict()
    values, keys = (image,), {}
    for stage in stages:
        module = api.build(stage.program)
        module.load_state_dict({key: state[key] for key in module.state_dict()})
        keys |= module.state_dict()
        result = module(*values)
        values = tuple(result) if isinstance(result, tuple) else (result,)
    assert list(keys) == list(state)
    return values[0], keys


def whole_output(whole: Program, image: torch.Tensor) -> torch.Tensor:
    torch.manual_seed(0)
    return api.build(whole)(image)


def test_stages_compute_what_the_network_does() -> None:
    whole, image = program(SKIPPING), torch.randn(2, 3, 16, 16)
    stages = staged(whole)
    assert [len(stage.takes) for stage in stages] == [1, 1, 2, 2]  # `early` is relayed
    assert torch.equal(run_stages(whole, stages, image)[0], whole_output(whole, image))


def test_stages_of_a_plan_open_groups_and_blocks() -> None:
    """They may begin within a group, or within a block of a group; keys stay."""
    whole, image = program(SKIPPING), torch.randn(2, 3, 16, 16)
    stages = staged(whole, [["conv1", "early", "layer1.0"], ["layer1.1", "layer2.0.0"], ["layer2.0.2", "fc"]])
    assert torch.equal(run_stages(whole, stages, image)[0], whole_output(whole, image))


def test_a_real_network_in_four_stages() -> None:
    whole, image = api.program("specs/resnet.arch", "resnet18"), torch.randn(1, 3, 64, 64)
    stages = staged(whole, [["conv1"], ["layer1.1"], ["layer2.1", "layer3"], ["layer4", "fc"]])
    with torch.no_grad():
        assert torch.equal(run_stages(whole, stages, image)[0], whole_output(whole, image))


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        ([["conv1"], ["nowhere"]], "no step nowhere"),
        ([["conv1", "fc"], ["layer1"]], "stage 1 needs what stage 2 makes"),
        (None, "mark them in the spec"),
    ],
)
def test_what_can_not_be_cut(paths: list[list[str]] | None, said: str) -> None:
    with pytest.raises(NotStaged, match=said):
        staged(api.program("specs/resnet.arch", "resnet18"), paths)
