"""What is written, run by others, against the module: at the spec's sizes, and at others where it leaves them free."""

from __future__ import annotations

import io

import torch

from archdsl.formats import Exported
from tests.formats.models import Made
from tests.formats.onnx_runs import difference
from tests.formats.sizes import inputs, named, others

TOLERANCE = 1e-4
"""Of the largest output."""


def onnx_difference(made: Made, exported: Exported) -> float:
    """How far onnxruntime is away, at two batch sizes at least. ONNX's checker has seen the file as it was written."""
    program, module = made
    if exported.fixed:
        sizes = [{**named(program), **exported.fixed, "N": batch} for batch in (1, 3)]
    else:
        sizes = [named(program), others(program)]
    return max(difference(exported.data, module, inputs(program, at)) for at in sizes)


def pt2_difference(made: Made, exported: Exported) -> float:
    """Loaded again, at the spec's sizes with a batch of one, and at others. 0 is equal, bit for bit.

    That is all networks but those with attention: in eval mode nn.MultiheadAttention has a fused kernel, and its
    exported form does the same in several steps.
    """
    program, module = made
    loaded = torch.export.load(io.BytesIO(exported.data)).module()
    found: list[float] = []
    for sizes in ({**program.nominal, "N": 1}, others(program)):
        x = inputs(program, sizes)
        with torch.no_grad():
            ours, theirs = module(*x), loaded(*x)
        same = tuple(ours.shape) == tuple(theirs.shape)
        found.append(float((ours - theirs).abs().max() / ours.abs().max()) if same else float("inf"))
    return max(found)
