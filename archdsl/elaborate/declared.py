"""`param class_token: [1, 1, dim] = zeros`, `buffer index: int64 [n] = [...]`, `const shift: [3, 1, 1] = [...]`."""

from __future__ import annotations

from archdsl.elaborate.contents import cannot_hold, contents, is_float
from archdsl.elaborate.context import At
from archdsl.elaborate.dtypes import known_dtype
from archdsl.elaborate.expressions import evaluate, integer
from archdsl.elaborate.report import Failed
from archdsl.elaborate.written import StepLabel
from archdsl.initial import Start, Zeros
from archdsl.ir.dim import Dim
from archdsl.ir.graph import Declared
from archdsl.ir.shape import Shape
from archdsl.source import Span
from archdsl.syntax import ast


def run_declare(statement: ast.Declare, at: At) -> None:
    """Add the tensor to the scope. It takes no number, and what flows here flows on."""
    at.session.spend("steps", 1, statement.span)
    shape: Shape | None
    start: Start = 0.0
    try:
        _check_name(statement.name, at)
        shape = _shape(statement, at)
        start = _start(statement, shape, at)
    except Failed:
        shape = None  # those that use it say nothing more
    label = StepLabel((statement.name.text,), statement.name.span)
    at.scope.claim_value(label, at)
    node = Declared(statement.kind, shape, label.parts, at.place(statement.span), start)
    at.scope.enter(label.parts, at.scope.add(node))


def _check_name(name: ast.Name, at: At) -> None:
    from archdsl.elaborate.labels import why_not

    if reason := why_not(name.text):
        from archdsl.errors.names import BadLabel

        raise at.reporter.fail(BadLabel(name.text, reason), name.span)


def _shape(statement: ast.Declare, at: At) -> Shape:
    """The shape, of fixed sizes; every mistake in it is reported before it fails."""
    dims: list[Dim] = []
    failed = False
    for part in statement.shape:
        try:
            dims.append(_size(part, statement.name.text, at))
        except Failed:
            failed = True
    dtype = _dtype(statement, at)
    if failed:
        raise Failed
    # Maps have their channels where convolutions look for them; what has fewer axes is no map.
    return Shape(dims, dtype, 1 if len(dims) > 3 else None)


def _size(part: ast.Expr | ast.Nominal, name: str, at: At) -> Dim:
    if isinstance(part, ast.Nominal):
        raise cannot_hold(name, "has fixed sizes only", "a free size belongs to an `input`", part.span, at)
    traced = evaluate(part, at)
    size = integer(traced.value, f"the shape of `{name}`", part.span, at)
    if size < 1:
        from archdsl.errors.shapes import BadInput

        raise at.reporter.fail(BadInput("a size is at least 1", f"this is {size}"), part.span)
    return Dim.of(size, traced.why)


def _dtype(statement: ast.Declare, at: At) -> str:
    dtype = known_dtype(statement.dtype, statement.kind, at)
    if statement.dtype is not None and statement.kind == "param" and not is_float(dtype):
        raise _not_trained(statement, dtype, statement.dtype.span, at)
    return dtype


def _not_trained(statement: ast.Declare, dtype: str, span: Span, at: At) -> Failed:
    from archdsl.diagnostic import Edit, Help
    from archdsl.errors.values import CannotHold

    error = CannotHold(statement.name.text, f"is trained, and {dtype} can't be", "only floats have gradients")
    start = statement.span.start
    word = Span(statement.span.source, start, start + len("param"))
    helps = (Help("a tensor that isn't trained is a buffer", Edit(word, "buffer")),)
    return at.reporter.fail(error, span, helps=helps)


def _start(statement: ast.Declare, shape: Shape, at: At) -> Start:
    """What it holds before training: zeros, if nothing is said. A `const` that says nothing is a mistake."""
    name = statement.name
    if statement.value is not None:
        return contents(name.text, statement.value, shape, at)
    if statement.kind != "const":
        return Zeros()
    raise cannot_hold(name.text, "never changes, and no value is given", "say what it holds: = ...", name.span, at)
