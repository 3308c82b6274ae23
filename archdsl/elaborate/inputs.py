"""`input image: [N, 3, H = 224, W = 224] where H % 32 == 0`: a network's inputs, and what their free sizes may be."""

from __future__ import annotations

from archdsl.elaborate.arithmetic import is_number
from archdsl.elaborate.context import At
from archdsl.elaborate.dtypes import known_dtype
from archdsl.elaborate.expressions import evaluate, integer
from archdsl.elaborate.lines import Lines, Piped
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import Tensor, described
from archdsl.elaborate.written import StepLabel
from archdsl.ir.dim import Contradiction, Dim
from archdsl.ir.graph import Input
from archdsl.ir.shape import Shape
from archdsl.ir.why import Traced, Why
from archdsl.source import Span
from archdsl.syntax import ast


def run_input(statement: ast.Input, lines: Lines, at: At) -> None:
    """Declare an input. One alone is the current value, several are only referred to; free sizes become names."""
    from archdsl.elaborate.labels import why_not
    from archdsl.errors.names import BadLabel

    graph = at.scope.graph
    name = statement.name
    is_late = bool(graph.inputs and graph.nodes)
    if is_late:
        from archdsl.errors.networks import InputBehindSteps

        at.reporter.report(InputBehindSteps(name.text), statement.span)
    if reason := why_not(name.text):
        at.reporter.report(BadLabel(name.text, reason), name.span)
    at.scope.claim_value(StepLabel((name.text,), name.span), at)
    try:
        shape = _shape(statement, at)
    except Failed:
        shape = None
    tensor = Tensor(Input(name.text, shape, at.place(statement.span)).outputs[0], at.scope)
    graph.inputs.append(tensor.value)
    at.entries.append(tensor)
    at.scope.enter((name.text,), tensor)
    _settle(at)
    if not is_late and isinstance(lines, Piped):
        lines.current = at.entry


def _settle(at: At) -> None:
    """A size that `where` leaves one value is that number, in every input."""
    domain = at.session.domain
    settled = {name: domain.free(name).smallest for name in domain if domain.free(name).count == 1}
    if not settled:
        return
    names = at.names.outermost.own
    for name, number in settled.items():
        traced, span = names[name]
        names[name] = (Traced(number, traced.why), span)
    for value in at.scope.graph.inputs:
        if (shape := value.shape) is not None:
            dims = [dim.partly_at(settled) for dim in shape.dims]
            value.shape = Shape(dims, shape.dtype, shape.channel_axis)


def _shape(statement: ast.Input, at: At) -> Shape:
    """The input's shape; every mistake in it is reported before it fails."""
    failed = False
    dims: list[Dim] = []
    for part in statement.shape:
        try:
            dims.append(_dim(part, at))
        except Failed:
            failed = True
    for claim in statement.where:
        try:
            _assume(claim, at)
        except Failed:
            failed = True
    dtype = known_dtype(statement.dtype, "input", at)
    if failed:
        raise Failed
    if not dims:
        raise _bad("an input has at least one axis, the batch", "no axes", statement.span, at)
    return Shape(dims, dtype, 1 if len(dims) > 1 else None)


def _bad(what: str, place: str, span: Span, at: At, free: str = "") -> Failed:
    from archdsl.diagnostic import Edit, Help
    from archdsl.errors.shapes import BadInput

    helps = (Help(f"if any number may come in, write `{free}`", Edit(span, free)),) if free else ()
    return at.reporter.fail(BadInput(what, place), span, helps=helps)


def _dim(part: ast.Expr | ast.Nominal, at: At) -> Dim:
    """One axis: a number, a free size, or a free size with its nominal value."""
    if isinstance(part, ast.Nominal):
        traced = evaluate(part.value, at)
        nominal = integer(traced.value, f"the nominal value of {part.name.text}", part.value.span, at)
        if nominal < 1:
            raise _bad("a size is at least 1", f"this is {nominal}", part.value.span, at)
        return _free(part.name.text, nominal, part.name.span, at)
    if isinstance(part, ast.Var) and at.names.find(part.name) is None and at.file.find(part.name, at.session) is None:
        if not part.name[0].isupper():
            error = f"`{part.name}` is not defined; a free size begins with a capital letter"
            raise _bad(error, "neither a name in sight nor a free size", part.span, at, free=part.name.capitalize())
        return _free(part.name, None, part.span, at)
    traced = evaluate(part, at)
    if isinstance(traced.value, Dim):
        return traced.value.with_why(traced.why)
    size = integer(traced.value, "a size", part.span, at)
    if size < 1:
        raise _bad("a size is at least 1", f"this is {size}", part.span, at)
    return Dim.of(size, traced.why)


def _free(name: str, nominal: int | None, span: Span, at: At) -> Dim:
    is_batch = nominal is None and not list(at.session.domain)
    try:
        dim = at.session.domain.symbol(name, 1 if is_batch else nominal, span)
    except Contradiction as contradiction:
        raise _impossible(contradiction, span, at) from None
    dim.why = Why("size", span, dim, (), name)
    taken = at.names.find(name)
    if taken is not None and taken[0].why.rule != "size":
        from archdsl.diagnostic import Label
        from archdsl.errors.names import Redefined

        raise at.reporter.fail(Redefined(name), span, labels=(Label(taken[1], "the first one"),))
    at.names.outermost.own.setdefault(name, (Traced(dim, dim.why), span))  # also from an input under an `if`
    return dim


def _impossible(contradiction: Contradiction, span: Span, at: At) -> Failed:
    from archdsl.errors.shapes import Impossible

    return at.reporter.fail(Impossible(contradiction.name, contradiction.assumed, contradiction.known), span)


def _assume(claim: ast.Expr, at: At) -> None:
    """`H % m == r`, `H >= a`, `H <= b`, `H > a`, `H < b`, `H == a`, joined by `and`."""
    if isinstance(claim, ast.Binary) and claim.op == "and":
        _assume(claim.left, at)
        _assume(claim.right, at)
        return
    if not isinstance(claim, ast.Binary):
        raise _cannot_use(claim, at)
    right = evaluate(claim.right, at).value
    if not is_number(right) or not isinstance(right, int):
        raise _bad(
            "`where` compares a free size with an int",
            f"this is {described(right)}",
            claim.right.span,
            at,
        )
    left, modulus = claim.left, None
    if isinstance(left, ast.Binary) and left.op == "%" and claim.op == "==":
        modulus = integer(evaluate(left.right, at).value, "a modulus", left.right.span, at)
        if modulus < 1:
            raise _bad("a modulus is at least 1", f"this is {modulus}", left.right.span, at)
        left = left.left
    if not isinstance(left, ast.Var) or left.name not in list(at.session.domain):
        raise _cannot_use(claim, at)
    _take(left.name, claim.op, modulus, right, claim.span, at)


def _take(name: str, op: str, modulus: int | None, right: int, span: Span, at: At) -> None:
    domain = at.session.domain
    try:
        if modulus is not None:
            domain.assume_modulus(name, modulus, right)
        elif op in (">=", ">", "=="):
            domain.assume_at_least(name, right + (op == ">"))
        if modulus is None and op in ("<=", "<", "=="):
            domain.assume_at_most(name, right - (op == "<"))
    except Contradiction as contradiction:
        raise _impossible(contradiction, span, at) from None
    free = domain.free(name)
    if free.nominal is not None and not domain.allows(name, free.nominal):
        text = f"the nominal size {name} = {free.nominal} is not among those that `where` allows"
        raise _bad(text, f"excludes {free.nominal}", span, at)


def _cannot_use(claim: ast.Expr, at: At) -> Failed:
    text = "`where` takes H % m == r, H >= a, H <= b for a free size H, joined by `and` or commas"
    return _bad(text, "not of this form", claim.span, at)
