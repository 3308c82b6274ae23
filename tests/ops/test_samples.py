"""Whether an op, in training, lets the samples of a batch see one another."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from archdsl import ops
from archdsl.ir.shape import Shape
from tests.ops.interpret import Runner, tensors
from tests.ops.judge import several, without_warnings
from tests.ops.test_kept import layer_of_example

OTHERWISE = {"arange", "distance", "unbind"}
"""They make nothing of a sample, take centres as second operand, or put another axis before the batch's."""


@pytest.mark.parametrize("name", [name for name in ops.names() if name not in OTHERWISE])
def test_samples_are_apart_unless_declared(name: str) -> None:
    op, shapes = layer_of_example(name)
    inputs = tensors(shapes)
    others = [x.clone() for x in inputs]
    for x in others:
        x[1] = 2 * x[1] + 1 if x.is_floating_point() else x[1].flip(-1)
    before, behind = first_sample(op, shapes, inputs), first_sample(op, shapes, others)
    alike = all(torch.allclose(a, b, rtol=0, atol=0, equal_nan=True) for a, b in zip(before, behind))
    assert alike != op.mixes_samples


def first_sample(op: Any, shapes: tuple[Shape, ...], inputs: list[Tensor]) -> list[Tensor]:
    """What is made of it in training."""
    form = op.torch(*shapes)
    torch.manual_seed(0)
    with without_warnings(), torch.no_grad():
        runner = Runner(op, [x.clone() for x in inputs])
        if form.module is None:
            made = runner.value(form.function)
        else:
            made = runner.value(form.module).train()(*(x.clone() for x in inputs))
    return [each[0] for each in several(made)]
