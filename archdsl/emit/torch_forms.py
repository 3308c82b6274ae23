"""How PyTorch writes each step."""

from __future__ import annotations

from archdsl.ir.graph import Layer
from archdsl.ops import form


def module_form(layer: Layer) -> form.Call:
    """The constructor of its torch.nn class."""
    call = layer.form.module
    assert call is not None, f"{layer.op.name} has no module"
    return call
