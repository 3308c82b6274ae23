"""Out again: a checked network as a file that other tools read. The file's suffix says what it becomes.

.py        a PyTorch module                        archdsl.emit
.json      the graph; schema in docs/graph.schema.json
.onnx      ONNX, by torch.onnx.export
.onnxtxt   the same as ONNX's text, without the weights
.pt2       torch.export's program
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from archdsl.emit.pytorch import mark
from archdsl.ir.graph import Program

if TYPE_CHECKING:
    from torch import nn

SUFFIXES = (".py", ".json", ".onnx", ".onnxtxt", ".pt2")

WITH_WEIGHTS = (".onnx", ".onnxtxt", ".pt2")
"""These are made of a built module: they load torch, and hold its weights (`.onnxtxt`: their names and shapes)."""


class ExportError(RuntimeError):
    """torch or ONNX can't write a network in the form asked for. `reason` is what they say, in a line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Exported:
    """A file's content. `fixed` are free sizes that the form could not leave free, as they are fixed."""

    def __init__(self, data: bytes, fixed: dict[str, int] | None = None) -> None:
        self.data = data
        self.fixed = fixed or {}


def suffix_of(path: str) -> str:
    """`.onnx` of `nets/resnet50.onnx`; "" where there is none."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return "." + name.rpartition(".")[2] if "." in name.lstrip(".") else ""


def content(program: Program, suffix: str, module: Callable[[], nn.Module]) -> Exported:
    """The file of that suffix. `module` gives the built network, where the form needs one. Raises `ExportError`."""
    if suffix in WITH_WEIGHTS:
        return as_bytes(program, module(), suffix)
    return Exported(as_text(program, suffix).encode("utf-8"))


def as_text(program: Program, suffix: str) -> str:
    """The network as `.py` or `.json`."""
    if suffix == ".json":
        from archdsl.formats.graph import graph_json

        return graph_json(program)
    from archdsl.emit import emit

    return emit(program)


def as_bytes(program: Program, module: nn.Module, suffix: str) -> Exported:
    """The built network as `.onnx`, `.onnxtxt` or `.pt2`, in eval mode. Raises `ExportError`."""
    if suffix == ".pt2":
        from archdsl.formats.program import exported_program, packed

        return Exported(packed(exported_program(program, module), mark(program)))
    from archdsl.formats.onnx import onnx_bytes, onnx_model, onnx_text

    model, fixed = onnx_model(program, module)
    return Exported(onnx_text(model).encode() if suffix == ".onnxtxt" else onnx_bytes(model), fixed)
