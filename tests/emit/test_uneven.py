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
