"""Inputs to run a network on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from archdsl.ir.graph import Program


def examples(program: Program, sizes: Mapping[str, int]) -> Iterator[Tensor]:
    """A tensor for each input, at these free sizes: random numbers, or zeros where they are integers, which are indices
    into something."""
    for value in program.graph.inputs:
        assert value.shape is not None, "a checked network knows its shapes"
        dtype = getattr(torch, value.shape.dtype)
        make = torch.randn if dtype.is_floating_point else torch.zeros
        yield make(value.shape.at(sizes), dtype=dtype)
