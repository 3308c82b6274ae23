"""Uneven splits on one device: groups of different sizes in every place that a network may have them."""

from __future__ import annotations

import pytest
import torch

from archdsl.api import build
from archdsl.compiler import check
from archdsl.formats import as_bytes
from archdsl.ir.graph import Program
from archdsl.source import Source
from archdsl.verify import verify
from tests.devices.nets import GROUPS
from tests.emit.test_against_interpreter import compare
from tests.formats.compare import TOLERANCE
from tests.formats.onnx_runs import difference

BLOCKS = """
mesh gpus[2]
block unit(c) { conv(c, 3x3, pad=1) -> relu -> conv(c, 1x1) }
network net() {
    input x: [N, 3, 5, 5]
    split(gpus, by=[3, 5]) { conv(8, 1x1) -> unit(8) -> unit(16) }
    split(gpus, by=[1, 7]) { conv(8, 1x1) -> unit(24) }
    split(gpus) { conv(8, 1x1) -> unit(24) }
}
"""


def program(devices: int, by: list[int]) -> Program:
    found = check(Source("net.arch", GROUPS.format(devices=devices, by=by, norm="bn"))).program
    assert found is not None
    return found


@pytest.mark.parametrize("by", [[3, 5], [1, 3, 2, 2]])
def test_module_does_what_the_graph_says(by: list[int]) -> None:
    network = program(len(by), by)
    module = build(network)
    assert verify(network, module) == []
    for training in (False, True):
        compare(network, module.train(training))


def test_one_block_in_several_proportions() -> None:
    """Its steps are made by whoever uses it, as no number tells the groups apart."""
    network = check(Source("net.arch", BLOCKS)).program
    assert network is not None
    module = build(network)
    assert verify(network, module) == []
    compare(network, module)


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:onnxscript",
    "ignore::DeprecationWarning:torch.onnx",
    "ignore:.*isinstance.treespec, LeafSpec.*:FutureWarning",
)
def test_onnxruntime_computes_it() -> None:
    network = program(2, [3, 5])
    module = build(network).eval()
    exported = as_bytes(network, module, ".onnx")
    assert exported.fixed == {}
    assert difference(exported.data, module, [torch.randn(3, 3, 12, 12)]) < TOLERANCE
