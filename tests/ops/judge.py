"""Compares an op with PyTorch on the CPU: what it accepts, and for what it accepts, everything that it declares."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from archdsl import ops
from archdsl.ir.dim import Dim, Domain
from archdsl.ir.shape import Shape
from archdsl.ops.form import Form
from archdsl.ops.op import Op, Refused, State
from tests.ops.deliberate import is_deliberate
from tests.ops.interpret import NotAForm, Runner, tensors

Sizes = tuple[int, ...]


def shape(*sizes: int, dtype: str = "float32", channel_axis: int | None = 1) -> Shape:
    return Shape(map(Dim.of, sizes), dtype, channel_axis)


def make(name: str, *args: object, **params: object) -> Op:
    found = ops.find(name)
    assert found is not None, name
    return found(*args, **params)


@contextmanager
def without_warnings():
    """PyTorch warns of much that is only odd: zero-element weights, even kernels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def judge(op: Op, *shapes: Shape) -> Shape | tuple[Shape, ...] | None:
    """Assert that op and PyTorch agree on inputs of these shapes; the output's shape if both accept them."""
    ours, refused = shape_or_refusal(op, shapes)
    if refused is not None:
        _check_message(refused)
        fails = is_deliberate(op, refused) or torch_fails(op, shapes)
        assert fails, f"we refuse, torch accepts: {op} of {shapes}: {refused.error}"
    if ours is None:
        return None
    outputs = run(op, shapes)
    for output in outputs:
        for made, claimed in zip(several(output), several(ours), strict=True):
            assert tuple(made.shape) == claimed.at({}), f"{op} of {shapes}"
            assert str(made.dtype).removeprefix("torch.") == claimed.dtype
    if len(outputs) == 2:
        torch.testing.assert_close(outputs[0], outputs[1], rtol=0, atol=0, equal_nan=True)
    check_state(op, shapes)
    return ours


def several(output: Any) -> tuple[Any, ...]:
    """The values that an op makes: one or several."""
    return tuple(output) if isinstance(output, (tuple, list)) else (output,)


def shape_or_refusal(op: Op, shapes: Sequence[Shape]) -> tuple[Shape | tuple[Shape, ...] | None, Refused | None]:
    try:
        return op.shape(*shapes), None
    except Refused as refused:
        return None, refused


def _check_message(refused: Refused) -> None:
    """All facts that its wording asks for are there."""
    error = refused.error
    for text in (error.title, error.label, error.help):
        assert "{" not in error.said(text), error.said(text)
    assert error.said(error.title)


UNSAYABLE = {"E0311", "E0503", "E0505"}
"""No spatial axes, a wrong number of directions, an axis that isn't there: the forms of some ops speak of each axis,
and can't say that."""


def torch_fails(op: Op, shapes: Sequence[Shape]) -> bool:
    """Whether PyTorch refuses what the op's form says, built and run."""
    try:
        run(op, shapes)
    except Refused as refused:
        return refused.error.code in UNSAYABLE
    except NotAForm:
        raise
    except Exception:
        return True
    return False


def run(op: Op, shapes: Sequence[Shape], inputs: Sequence[Tensor] | None = None) -> list[Tensor]:
    """The outputs of the op's module and function, in eval mode, on the same inputs."""
    form = op.torch(*shapes)
    inputs = inputs or tensors(shapes)
    outputs: list[Tensor] = []
    with without_warnings(), torch.no_grad():
        if form.module is not None:
            outputs.append(module_of(op, form)(*inputs))
        if form.function is not None:
            outputs.append(Runner(op, inputs).value(form.function))
    return outputs


def module_of(op: Op, form: Form) -> nn.Module:
    module = Runner(op).value(form.module)
    assert isinstance(module, nn.Module)
    return module.eval()


def check_state(op: Op, shapes: Sequence[Shape]) -> None:
    """Names, order, shapes, dtypes, and what is trained."""
    form = op.torch(*shapes)
    declared = op.state(*shapes)
    if form.module is None:
        assert not declared, "no class holds it"
        return
    with without_warnings():
        module = module_of(op, form)
    trained = {name for name, _ in module.named_parameters()}
    theirs = [
        State(name, tuple(tensor.shape), name in trained, str(tensor.dtype).removeprefix("torch."))
        for name, tensor in module.state_dict().items()
    ]
    assert [repr(state) for state in declared] == [repr(state) for state in theirs]
    assert op.weights is None or {state.name for state in declared if state.trainable} <= set(op.weights)
    if declared:
        assert form.function is None, "a function without its weights"


def check_macs(op: Op, *shapes: Shape) -> None:
    """Half of what PyTorch's counter makes of it."""
    output = op.shape(*shapes)
    counter = FlopCounterMode(display=False)
    with counter:
        run(op, shapes)
    forms = op.torch(*shapes)
    runs = (forms.module is not None) + (forms.function is not None)
    assert op.macs(tuple(x.at({}) for x in shapes), output.at({})) * 2 * runs == counter.get_total_flops()


def check_free(op: Op, sizes: Sizes, dtype: str = "float32", *, start: int = 0) -> None:
    """With free sizes for the axes from `start`: where PyTorch accepts an input near by, the formula gives its shape.

    The op may refuse (weights that depend on a size, nothing left of a small one), but not where it goes well at every
    size that is allowed.
    """
    domain = Domain()
    names = {axis: domain.symbol(f"D{axis}", size) for axis, size in enumerate(sizes) if axis >= start}
    free = Shape([names.get(axis, Dim.of(size)) for axis, size in enumerate(sizes)], dtype)
    try:
        formula = op.shape(free)
    except Refused:
        return
    for step in range(3):
        chosen = {f"D{axis}": size + step for axis, size in enumerate(sizes) if axis in names}
        assert all(domain.allows(name, size) for name, size in chosen.items())
        fixed = Shape([Dim.of(size) for size in free.at(chosen)], dtype)
        expected = [each.at(chosen) for each in several(formula)]
        assert [each.at({}) for each in several(op.shape(fixed))] == expected
        form, inputs = op.torch(free), tensors([fixed])
        with without_warnings(), torch.no_grad():
            runner = Runner(op, inputs, sizes=chosen)
            output = runner.value(form.function) if form.function else runner.value(form.module).eval()(*inputs)
        assert [tuple(each.shape) for each in several(output)] == expected
