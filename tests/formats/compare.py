"""What is written, run by others, against the module: at the spec's sizes, and at others where it leaves them free."""

from __future__ import annotations

import io

import torch

from archdsl.formats import Exported
from tests.formats.models import Made
from tests.formats.onnx_runs import difference
from tests.formats.sizes import inputs, named, others
from tests.parity.compare import without_fused_attention

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


def pt2_agrees(made: Made, exported: Exported) -> bool:
    """Loaded again it gives the same, bit for bit: at the spec's sizes with a batch of one, and at others."""
    program, module = made
    loaded = torch.export.load(io.BytesIO(exported.data)).module()
    with torch.no_grad(), without_fused_attention():
        return all(
            torch.equal(loaded(*inputs(program, sizes)), module(*inputs(program, sizes)))
            for sizes in ({**program.nominal, "N": 1}, others(program))
        )
