"""How PyTorch writes each step: asked many times while a module is emitted, so remembered until it is."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from archdsl.ir.graph import Layer
from archdsl.ops import form

_remembered: ContextVar[dict[Layer, form.Form] | None] = ContextVar("remembered", default=None)


@contextmanager
def remembering_forms() -> Generator[None]:
    """Ask each op once."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def torch_form(layer: Layer) -> form.Form:
    """How PyTorch writes a step."""
    known = _remembered.get()
    if known is not None and layer in known:
        return known[layer]
    found = layer.op.torch(*(value.shape for value in layer.inputs))
    if known is not None:
        known[layer] = found
    return found


def module_form(layer: Layer) -> form.Call:
    """The constructor of its torch.nn class."""
    call = torch_form(layer).module
    assert call is not None, f"{layer.op.name} has no module"
    return call
