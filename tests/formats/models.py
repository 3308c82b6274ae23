"""Networks to write, built with random weights that tell: statistics are moved, so that no bn is the identity."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from archdsl.api import build
from archdsl.budget import Limits
from archdsl.compiler import check
from archdsl.ir.graph import Program
from archdsl.reading import importer, read


class Made(NamedTuple):
    program: Program
    module: nn.Module


def made(path: str, variant: str | None = None, **settings: object) -> Made:
    source = read(path, Limits())
    checked = check(source, variant, settings, importer=importer(source, Limits()))
    assert checked.program is not None, [d.title for d in checked.diagnostics]
    torch.manual_seed(0)
    module = build(checked.program)
    generator = torch.Generator().manual_seed(1)
    for name, buffer in module.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)
    return Made(checked.program, module.eval())
