"""`torch.export`: the module's program, with the sizes free that the spec leaves free."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Mapping

import torch
from torch import nn
from torch.export import Dim, ExportedProgram

from archdsl.examples import examples
from archdsl.formats import ExportError
from archdsl.ir.graph import Program, Value
from archdsl.ir.shape import Shape

SMALLEST_BATCH = 2
"""torch.export takes a size of 1 for a constant, so that what it is shown has to be larger."""


def exported_program(program: Program, module: nn.Module, fixed: Mapping[str, int] | None = None) -> ExportedProgram:
    """The module in eval mode, exported. `fixed` are free sizes that are to be these numbers. Raises `ExportError`."""
    fixed = fixed or {}
    training = module.training
    # Where it can't reduce a condition on free sizes it keeps the condition, and logs every step of its attempt.
    logging.getLogger("torch.fx.experimental.symbolic_shapes").setLevel(logging.ERROR)
    try:
        return torch.export.export(
            module.eval(),
            tuple(examples(program, _sizes(program, fixed))),
            dynamic_shapes=tuple(_free_axes(value.shape, program, fixed) for value in program.graph.inputs),
            strict=False,
        )
    except Exception as problem:  # whatever torch's tracing raises: there is no common class
        raise ExportError(_first_line(problem)) from problem
    finally:
        module.train(training)


def _sizes(program: Program, fixed: Mapping[str, int]) -> dict[str, int]:
    """The free sizes to be shown: nominal, but none of 1."""
    return {name: max(size, _least(program, name, fixed)) for name, size in program.nominal.items()} | dict(fixed)


def _least(program: Program, name: str, fixed: Mapping[str, int]) -> int:
    """The smallest size above 1 that the spec allows."""
    if name in fixed:
        return 1
    free = program.domain.free(name)
    return free.smallest if free.smallest >= SMALLEST_BATCH else free.smallest + free.modulus


def _shape(value: Value) -> Shape:
    assert value.shape is not None, "a checked network knows its shapes"
    return value.shape


def _free_axes(shape: Shape | None, program: Program, fixed: Mapping[str, int]) -> dict[int, object]:
    """axis -> free, for each that is a size of the spec. A size that any image may have is said to begin at 1."""
    assert shape is not None
    free: dict[int, object] = {}
    for axis, dim in enumerate(shape.dims):
        if dim.constant is None and str(dim) not in fixed:
            free[axis] = Dim(str(dim), min=1) if axis == 0 and _is_unbounded(program, str(dim)) else Dim.DYNAMIC
    return free


def _is_unbounded(program: Program, name: str) -> bool:
    free = program.domain.free(name)
    return name.isidentifier() and free.low == 1 and free.modulus == 1 and not free.stated


def size_names(exported: ExportedProgram, program: Program) -> dict[str, str]:
    """torch's symbols -> the spec's names of the free sizes."""
    names: dict[str, str] = {}
    shown = [node for node in exported.graph.nodes if node.op == "placeholder"][-len(program.graph.inputs) :]
    for node, value in zip(shown, program.graph.inputs):
        for size, dim in zip(node.meta["val"].shape, _shape(value).dims):
            if not isinstance(size, int):
                names[str(size)] = str(dim)
    return names


def packed(exported: ExportedProgram, mark: str) -> bytes:
    """The `.pt2` archive, with the mark of a generated file as the archive's comment."""
    buffer = io.BytesIO()
    torch.export.save(exported, buffer)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = mark.encode()
    return buffer.getvalue()


def _first_line(problem: Exception) -> str:
    text = str(problem).strip().split("\n", 1)[0]
    return f"{type(problem).__name__}: {text[:200]}"
