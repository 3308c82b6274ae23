"""What each op says that its backward pass needs, against the tensors that PyTorch's autograd saves."""

from __future__ import annotations

from textwrap import indent
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archdsl import ops
from archdsl.compiler import check
from archdsl.ir.dim import Dim
from archdsl.ir.graph import Layer
from archdsl.ir.shape import Shape
from archdsl.source import Source
from tests.ops.interpret import Runner, tensors
from tests.ops.judge import make, several, shape, without_warnings
from tests.ops.test_declarations import example_of, find

ELSEWHERE = {
    "embedding": "its input is saved, but integers have no gradient",
}
"""Ops for which this test can't tell."""


def layer_of_example(name: str) -> tuple[Any, tuple[Shape, ...]]:
    """The op as its docstring's example has it, and its inputs' shapes for a batch of two."""
    example = example_of(find(name))
    text = example if "network" in example else f"network example {{\n{indent(example, '    ')}\n}}\n"
    program = check(Source(f"{name}.arch", text)).program
    assert program is not None
    layer = next(node for _, node, _ in program.graph.walk() if isinstance(node, Layer) and node.op.name == name)
    sizes = {**program.nominal, **({"N": 2} if "N" in program.nominal else {})}
    shapes = [value.shape for value in layer.inputs if value.shape]
    sized = (Shape(map(Dim.of, x.at(sizes)), x.dtype, x.channel_axis, x.shares) for x in shapes)
    return layer.op, tuple(sized)


def saved(op: Any, shapes: tuple[Shape, ...]) -> tuple[list[bool], list[bool], int]:
    """Which inputs and which outputs autograd saves in training, and the bytes of what else it does, less weights."""
    inputs = [x.requires_grad_() if x.is_floating_point() else x for x in tensors(shapes)]
    # What requires a gradient itself may not be overwritten; a result may.
    values = [x * 1 if x.is_floating_point() else x for x in inputs]
    found: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        if not isinstance(tensor, nn.Parameter):
            found[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    form = op.torch(*shapes)
    with without_warnings():
        runner = Runner(op, values)
        module = None if form.module is None else runner.value(form.module).train()
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            outputs = several(module(*values) if module is not None else runner.value(form.function))
    weights = {tensor.untyped_storage().data_ptr() for tensor in (module.state_dict().values() if module else ())}
    ins, outs = ([x.untyped_storage().data_ptr() for x in tensors] for tensors in (values, outputs))
    further = sum(t.untyped_storage().nbytes() for at, t in found.items() if at not in {*ins, *outs, *weights})
    return [at in found for at in ins], [at in found for at in outs], further


@pytest.mark.parametrize("name", [name for name in ops.names() if name not in ELSEWHERE])
def test_what_the_backward_pass_needs(name: str) -> None:
    op, shapes = layer_of_example(name)
    ins, outs, further = saved(op, shapes)
    made = op.shape(*shapes)
    first = made[0] if isinstance(made, tuple) else made
    assert any(ins) == op.needs_input()
    assert not any(outs) or op.keeps_output or op.view
    indices = 8 * len(getattr(op, "indices", ())) if name == "take" else 0  # on CUDA they lie on the host
    assert further == op.kept_bytes(tuple(x.at({}) for x in shapes), first.at({})) + indices


@pytest.mark.parametrize(
    ("op", "shapes"),
    [
        (make("dropout", 0.5, channels=True), ((2, 6, 5, 5),)),
        (make("avgpool", 3), ((2, 6, 9, 9),)),
        (make("avgpool", out=7), ((2, 6, 9, 9),)),
        (make("avgpool", out=1), ((2, 6, 9, 9),)),
        (make("reduce", axes=(1,), by="max"), ((2, 6, 9),)),
        (make("dropout", 0.0), ((2, 6),)),
        (make("drop_path", 0.0), ((2, 6),)),
        (make("layernorm", axes=2), ((2, 3, 4, 5),)),
        (make("maxpool", 2), ((2, 3, 8),)),
        (make("matmul"), ((2, 3, 4), (2, 4, 5))),
    ],
    ids=str,
)
def test_other_arguments(op: Any, shapes: tuple[tuple[int, ...], ...]) -> None:
    inputs = tuple(shape(*sizes) for sizes in shapes)
    ins, _, further = saved(op, inputs)
    assert (any(ins), further) == (op.needs_input(), op.kept_bytes(shapes, op.shape(*inputs).at({})))
