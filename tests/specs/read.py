"""What the tests of the specs look at: their networks, checked, built, and beside a reference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

import archdsl
from archdsl.budget import Limits
from archdsl.compiler import check, check_all
from archdsl.ir.graph import Graph, Layer, Program, Scope
from archdsl.ir.shape import Shape
from archdsl.ops.op import Op
from archdsl.reading import importer, read

SPECS = Path(__file__).parents[2] / "specs"


def program(file: str, variant: str, **params: object) -> Program:
    spec = read(str(SPECS / file), Limits())
    checked = check(spec, variant, params, importer=importer(spec, Limits()))
    assert checked.program is not None, [diagnostic.title for diagnostic in checked.diagnostics]
    return checked.program


def networks(file: str) -> list[str]:
    """Every network and variant of a file; none of them has a message."""
    spec = read(str(SPECS / file), Limits())
    results = check_all(spec, importer=importer(spec, Limits()))
    assert not [diagnostic.title for _, checked in results for diagnostic in checked.diagnostics]
    return [name for name, _ in results]


def layers(graph: Graph) -> Iterator[tuple[Op, Shape]]:
    """Each op and the shape that it makes, with calls and groups unfolded."""
    for node in graph.nodes:
        if isinstance(node, Scope):
            yield from layers(node.graph)
        elif isinstance(node, Layer):
            shape = node.outputs[0].shape
            assert shape is not None
            yield node.op, shape


def beside(reference: nn.Module, file: str, variant: str, **params: object) -> nn.Module:
    """The spec's network with the reference's weights, which fails unless every key and shape fits; both in eval.

    Scales and statistics of the reference's norms become as after training: fresh ones would hide a missing norm.
    """
    generator = torch.Generator().manual_seed(0)
    for module in reference.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                assert isinstance(tensor, Tensor)
                tensor.data.uniform_(0.5, 1.5, generator=generator)
    ours = archdsl.load(SPECS / file, variant=variant, **params)
    ours.load_state_dict(reference.eval().state_dict(), strict=True)
    return ours.eval()


def same(reference: nn.Module, ours: nn.Module, x: Tensor) -> bool:
    """Whether both give the same, bit for bit, and something that tells."""
    with torch.no_grad():
        theirs = reference(x)
        return bool(theirs.isfinite().all()) and float(theirs.std()) > 0 and torch.equal(theirs, ours(x))
