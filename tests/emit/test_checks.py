"""Sizes that could not be decided when the spec was compiled are compared when the module runs."""

from __future__ import annotations

import pytest
import torch

from archdsl.api import build
from archdsl.ir.graph import Check, Layer, Program
from tests.emit.build import program

SPEC = """\
network net {
    input image: [N, 8, H = 8, W = 8]
    relu
    residual {
        conv(8, 1x1)
    } shortcut {
        avgpool(3x3, stride=1, pad=1)
    }
}
"""


@pytest.fixture
def undecided() -> Program:
    """A program whose addition was left open. Its proof is easy, so the check is put there by hand."""
    made = program(SPEC)
    (add,) = [node for node in made.graph.nodes if isinstance(node, Layer) and node.merges]
    made.graph.checks.append(Check(add, 2, *add.inputs))
    return made


def test_equal_sizes_pass(undecided: Program) -> None:
    assert build(undecided)(torch.randn(1, 8, 5, 5)).shape == (1, 8, 5, 5)


def test_unequal_sizes_name_the_line(undecided: Program) -> None:
    module = build(undecided)
    module.get_submodule("1").stride = (2, 2)
    with pytest.raises(ValueError, match=r"net.arch:4: the sizes along axis 2 differ"):
        module(torch.randn(1, 8, 5, 5))


def test_one_graph_and_a_free_batch_size_still(undecided: Program) -> None:
    module = build(undecided)
    x = torch.randn(2, 8, 5, 5)
    torch.testing.assert_close(torch.compile(module, fullgraph=True, backend="eager")(x), module(x))
    exported = torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim("N")},))
    assert exported.module()(torch.randn(3, 8, 5, 5)).shape == (3, 8, 5, 5)
