"""Inputs for a network at the sizes that its spec names, and at others that it leaves free."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from archdsl.ir.graph import Program

WORDS = 100
"""Integers are below: indices into vocabularies that all have more."""


def inputs(program: Program, sizes: Mapping[str, int]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    made: list[Tensor] = []
    for value in program.graph.inputs:
        assert value.shape is not None
        shape = value.shape.at(sizes)
        if getattr(torch, value.shape.dtype).is_floating_point:
            made.append(torch.randn(shape, generator=generator))
        else:
            made.append(torch.randint(WORDS, shape, generator=generator))
    return made


def named(program: Program) -> dict[str, int]:
    """The sizes of the spec, for a batch of two."""
    return {**program.nominal, "N": 2}


def others(program: Program, fixed: Mapping[str, int] | None = None) -> dict[str, int]:
    """For a batch of three; each free size is smaller than the spec's, allowed, and unlike the one before."""
    sizes = {"N": 3}
    for i, name in enumerate(name for name in program.nominal if name != "N"):
        free = program.domain.free(name)
        steps = max(program.nominal[name] * 5 // 8 - free.smallest, 0) // free.modulus
        sizes[name] = free.smallest + free.modulus * (steps + i)
    return {**sizes, **(fixed or {})}
