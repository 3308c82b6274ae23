"""Networks to write, built with random weights that tell: nothing in them is the identity, or 0, or overflows."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from archdsl.api import build
from archdsl.budget import Limits
from archdsl.compiler import check
from archdsl.ir.graph import Program
from archdsl.reading import importer, read
from tests.formats.sizes import inputs, others


class Made(NamedTuple):
    program: Program
    module: nn.Module


def made(path: str, variant: str | None = None, **settings: object) -> Made:
    source = read(path, Limits())
    checked = check(source, variant, settings, importer=importer(source, Limits()))
    assert checked.program is not None, [d.title for d in checked.diagnostics]
    torch.manual_seed(0)
    module = build(checked.program)
    _leave_zeros(module)
    _measure(checked.program, module)
    return Made(checked.program, module.eval())


def _leave_zeros(module: nn.Module) -> None:
    """Heads that start at 0, as ViT's, and scales that do, as those behind zero-initialised branches."""
    for name, tensor in module.named_parameters():
        if not name.endswith("bias") and not tensor.any():
            nn.init.normal_(tensor, std=0.2)


def _measure(program: Program, module: nn.Module) -> None:
    """Set all bns to the statistics of a random batch, so that a thousand layers neither vanish nor explode."""
    norms = [each for each in module.modules() if isinstance(each, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    if norms:
        with torch.no_grad():
            module.train()(*inputs(program, others(program)))
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
