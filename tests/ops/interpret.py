"""Runs an op's `Form` as it stands, without the emitter: what PyTorch makes of it is what the op claims it is."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.emit.names import OWN
from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.form import Axis, Call, Device, Index, Infix, P, Share, Training, X
from archdsl.ops.op import Op

ROOTS = {"nn": nn, "F": F, "torch": torch}
SIGNS = {
    "+": operator.add,
    "-": operator.sub,
    "/": operator.truediv,
    "*": operator.mul,
    "@": operator.matmul,
    "//": operator.floordiv,
}


class NotAForm(Exception):
    """Something in a form that the emitter would not understand."""


class Runner:
    """Evaluates forms of one op, for inputs and free sizes as given."""

    def __init__(
        self,
        op: Op,
        inputs: Sequence[Tensor] = (),
        *,
        training: bool = False,
        sizes: Mapping[str, int] | None = None,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.training = training
        self.sizes = sizes or {}

    def value(self, form: object) -> Any:
        if isinstance(form, P):
            return _short(getattr(self.op, form.name))
        if isinstance(form, Share):
            return self.value(form.value) * form.part // form.whole
        if isinstance(form, X):
            return self.inputs[form.index]
        if isinstance(form, Axis):
            return self.inputs[form.operand].shape[form.axis]
        if isinstance(form, Device):
            return self.inputs[form.operand].device
        if isinstance(form, Training):
            return self.training
        if isinstance(form, Call):
            return self._call(form)
        if isinstance(form, Infix):
            return SIGNS[form.op](self.value(form.left), self.value(form.right))
        if isinstance(form, Index):
            return self.value(form.value)[tuple(map(self.value, form.items))]
        if isinstance(form, Dim):
            return form.at(self.sizes)
        if isinstance(form, slice):
            return slice(*map(self.value, (form.start, form.stop, form.step)))
        if isinstance(form, (list, tuple)):
            return type(form)(map(self.value, form))
        if form is None or isinstance(form, (bool, int, float, str)):
            return form
        raise NotAForm(form)

    def _call(self, form: Call) -> Any:
        args = [self.value(arg) for arg in form.args]
        defaults = dict(form.defaults)
        if not defaults.keys() <= dict(form.kwargs).keys():
            raise NotAForm(form)  # defaults of arguments that are not there
        kwargs = {name: self.value(arg) for name, arg in form.kwargs}
        kwargs = {name: arg for name, arg in kwargs.items() if name not in defaults or not same(arg, defaults[name])}
        root, _, name = form.callee.partition(".")
        if not root:
            return getattr(args[0], name)(*args[1:], **kwargs)
        owner = ROOTS[root] if name else import_module(f"archdsl.emit.classes.{OWN[root]}")
        return getattr(owner, name or root)(*args, **kwargs)


def same(value: object, default: object) -> bool:
    return value == default and isinstance(value, bool) == isinstance(default, bool)


def _short(value: object) -> object:
    """A size that is equal in every direction is one number."""
    return value[0] if isinstance(value, tuple) and value and len(set(value)) == 1 else value


def tensors(shapes: Sequence[Shape], sizes: Mapping[str, int] | None = None) -> list[Tensor]:
    """Random inputs of these shapes."""
    return [_tensor(shape.at(sizes or {}), getattr(torch, shape.dtype)) for shape in shapes]


def _tensor(size: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    if dtype.is_floating_point:
        return torch.randn(size).to(dtype)
    return torch.randint(0, 2, size).to(dtype)
