"""How PyTorch writes each step: asked many times while a module is emitted, so remembered until it is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from contextvars import ContextVar

from archdsl.ir.graph import Layer
from archdsl.ops import form


class _Remembered:
    """What was asked for. Equal ops are one object, and bodies share shapes, so many layers have one form."""

    def __init__(self) -> None:
        self.of_layer: dict[Layer, form.Form] = {}
        self.of_op: dict[Hashable, form.Form] = {}
        self.skeletons: dict[int, Hashable] = {}


_remembered: ContextVar[_Remembered | None] = ContextVar("remembered", default=None)


@contextmanager
def remembering_forms() -> Generator[None]:
    """Ask each op once."""
    token = _remembered.set(_Remembered())
    try:
        yield
    finally:
        _remembered.reset(token)


def torch_form(layer: Layer) -> form.Form:
    """How PyTorch writes a step."""
    known = _remembered.get()
    if known is None:
        return layer.op.torch(*[value.shape for value in layer.inputs])
    found = known.of_layer.get(layer)
    if found is None:
        shapes = [value.shape for value in layer.inputs]
        key = (id(layer.op), *map(id, shapes))
        found = known.of_op.get(key)
        if found is None:
            found = known.of_op[key] = layer.op.torch(*shapes)
        known.of_layer[layer] = found
    return found


def module_form(layer: Layer) -> form.Call:
    """The constructor of its torch.nn class."""
    call = torch_form(layer).module
    assert call is not None, f"{layer.op.name} has no module"
    return call


def once_for_each(word: object, make: Callable[[object], Hashable]) -> Hashable:
    """What is made of a part of a form."""
    known = _remembered.get()
    if known is None:
        return make(word)
    found = known.skeletons.get(id(word))
    if found is None:
        found = known.skeletons[id(word)] = make(word)
    return found
