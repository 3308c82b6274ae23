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
    """Let each bn divide by what it sees of a random image, so that a thousand layers neither vanish nor explode.

    It adds about 1 and subtracts little: of random layers with means of 0 each relu cuts off half, which is chaotic. A
    rounding would grow from one to the next until no two libraries agree on the outputs of 56 layers.
    """
    generator = torch.Generator().manual_seed(1)

    def measure(norm: nn.Module, args: tuple[torch.Tensor]) -> None:
        (x,) = args
        assert isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None and norm.running_var is not None
        norm.running_mean.copy_(x.mean((0, 2, 3)) / 10)
        norm.running_var.copy_(x.square().mean((0, 2, 3)))
        norm.bias.data.uniform_(0.5, 1.5, generator=generator)

    hooks = [each.register_forward_pre_hook(measure) for each in module.modules() if isinstance(each, nn.BatchNorm2d)]
    if hooks:
        with torch.no_grad():
            module.eval()(*inputs(program, others(program)))
    for hook in hooks:
        hook.remove()
