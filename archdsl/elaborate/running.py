"""`@tower(x)`: a labelled step is run again on another value, with the weights that it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archdsl.elaborate import lookup
from archdsl.elaborate.context import At
from archdsl.elaborate.expressions import evaluate
from archdsl.elaborate.flow import tensors_in, with_tensors
from archdsl.elaborate.report import Failed
from archdsl.elaborate.reshaped import Differs, layer_shapes, seen_outside
from archdsl.elaborate.scopes import Entry, ScopeBuilder, Twin
from archdsl.elaborate.shown import shown
from archdsl.elaborate.values import Flow, Tensor
from archdsl.ir.graph import Check, Layer, Node, Scope, Unknown, Value
from archdsl.syntax import ast

if TYPE_CHECKING:
    from archdsl.diagnostic import Help


def run_again(unit: ast.Run, at: At) -> Flow:
    """The step's result for these values. It has no name, and no tensors of its own."""
    at.session.bound_to_sizes += 1
    entry = _entry(unit, at)
    given = _given(unit, at)
    assert entry.node is not None
    if isinstance(entry.node, Unknown) or any(tensor.value.shape is None for tensor in given):
        raise Failed
    _need_same_devices(unit, entry.node, at)
    scope = tensors_in(entry.tensor)[0].scope
    inputs = (*map(at.scope.localise, given), *_captured(entry, scope, at))
    _check_count(unit, entry, len(given), at)
    again = _again(unit, entry.node, inputs, scope, at)
    at.scope.add(again)
    return with_tensors(entry.tensor, (Tensor(value, at.scope) for value in again.outputs))


def _entry(unit: ast.Run, at: At) -> Entry:
    """The step that is named; it must be one, and stand where this scope's module can call it."""
    from archdsl.errors.names import NotRunnable

    label = lookup.label_text(unit.ref, at)
    entry = at.find(label) if label is not None else None
    if entry is None or entry.hidden:
        lookup.reference(unit.ref, at)  # which reports a label that is not there
    if entry is None or entry.node is None or unit.index:
        error = NotRunnable(unit.ref.span.text, "names a value, not a step", "only a step can be run again")
        raise at.reporter.fail(error, unit.span)
    return entry


def _need_same_devices(unit: ast.Run, node: Node, at: At) -> None:
    """A step in a split has its weights divided over the devices, and can't be run as a whole one; nor the reverse."""
    if at.split == node.place.split:
        return
    from archdsl.errors.names import NotRunnable

    where, here = ("in a split", "outside of it") if node.place.split else ("outside of this split", "in it")
    reason = f"stands {where}"
    raise at.reporter.fail(NotRunnable(unit.ref.span.text, reason, f"it can't run {here} as well"), unit.span)


def _given(unit: ast.Run, at: At) -> list[Tensor]:
    """The values in the arguments."""
    from archdsl.errors.names import NotRunnable

    found: list[Tensor] = []
    failed = False
    for arg in unit.args or ():
        try:
            value = evaluate(arg.value, at).value
        except Failed:
            failed = True
            continue
        tensors = tensors_in(value)
        if arg.name is not None or not tensors:
            reason = "takes the values that it is run on, and nothing else"
            place = "given by position" if tensors else "this is no value of the network"
            at.reporter.report(NotRunnable(unit.ref.span.text, reason, place), arg.span)
            failed = True
        found += tensors
    if failed:
        raise Failed
    return found


def _taken(entry: Entry) -> int:
    """How many values it takes, those left out that a group takes from around it."""
    assert entry.node is not None
    captured = entry.group.captured() if entry.group is not None else ()
    return len(entry.node.inputs) - len(captured)


def _captured(entry: Entry, scope: ScopeBuilder, at: At) -> list[Value]:
    captured = entry.group.captured() if entry.group is not None else ()
    return [at.scope.localise(Tensor(value, scope)) for value in captured]


def _check_count(unit: ast.Run, entry: Entry, given: int, at: At) -> None:
    takes = _taken(entry)
    variadic = isinstance(entry.node, Layer) and entry.node.op.operands < 0 and given > 1
    if given == takes or variadic:
        return
    from archdsl.diagnostic import Help
    from archdsl.errors.values import NotStepArguments

    expected = "one value" if takes == 1 else f"{takes} values"
    found = {0: "no value is given", 1: "one value is given"}.get(given, f"{given} values are given")
    helps: tuple[Help, ...] = (Help(f"name the current value: {unit.ref.span.text}(@)"),) if given == 0 else ()
    raise at.reporter.fail(NotStepArguments(unit.ref.span.text, expected, found), unit.span, helps=helps)


def _again(unit: ast.Run, node: Node, inputs: tuple[Value, ...], scope: ScopeBuilder, at: At) -> Layer | Scope:
    runs = _path(unit, node, scope, at)
    at.session.spend("steps", 1, unit.span)
    try:
        if isinstance(node, Layer):
            return _layer(node, inputs, runs, unit, at)
        assert isinstance(node, Scope)
        return _scope(node, inputs, runs, unit, at)
    except Differs as differs:
        raise _refuse(unit, differs, inputs, at) from None


def _path(unit: ast.Run, node: Node, scope: ScopeBuilder, at: At) -> tuple[str, ...] | None:
    """How this scope's module reaches the step; None for one that makes no module."""
    own = node.runs or node.name
    if own is None:
        return None
    if not any(around is at.scope for around in scope.chain()):
        if isinstance(node, Layer) and not _has_weights(node):
            return None
        from archdsl.errors.names import NotRunnable

        error = NotRunnable(unit.ref.span.text, "stands outside of this group", "this group's module can't call it")
        raise at.reporter.fail(error, unit.span, helps=_help_outside(unit))
    return (*scope.path[len(at.scope.path) :], *own)


def _help_outside(unit: ast.Run) -> tuple[Help, ...]:
    from archdsl.diagnostic import Help

    return (Help(f"run it outside, where {unit.ref.span.text} stands, or take the braces away"),)


def _has_weights(layer: Layer) -> bool:
    """Whether its module must be called: an op without weights is simply applied again."""
    return bool(layer.state) or layer.form.function is None


def _layer(layer: Layer, inputs: tuple[Value, ...], runs: tuple[str, ...] | None, unit: ast.Run, at: At) -> Layer:
    weights = _has_weights(layer)
    shapes, open_checks = layer_shapes(layer, inputs, layer.name or (), anew=not weights)
    again = Layer(layer.op, inputs, shapes, None, at.place(unit.span), layer.args, layer.merges)
    again.runs = runs if weights else None
    checks = at.scope.graph.checks
    checks += (Check(again, one.axis, inputs[one.left], inputs[one.right]) for one in open_checks)
    return again


def _scope(scope: Scope, inputs: tuple[Value, ...], runs: tuple[str, ...] | None, unit: ast.Run, at: At) -> Scope:
    """On the same shapes it is the same graph; else one with the same steps."""
    at.session.spend("steps", sum(1 for _ in scope.graph.walk()), unit.span)
    graph = scope.graph
    values = {value: value for node in graph.nodes for value in node.outputs}
    values.update((value, value) for value in graph.inputs)
    if [value.shape for value in inputs] != [value.shape for value in scope.inputs]:
        graph, values = at.session.reshaped.graph(graph, inputs, scope.name or ())
    again = Scope(graph, inputs, (), None, at.place(unit.span), scope.args)
    again.outputs = tuple(Value(again, i, seen_outside(value, again)) for i, value in enumerate(graph.outputs))
    again.runs = runs
    builder = at.session.groups.get(scope.graph)
    if builder is not None:
        builder.twins.append(Twin(again, values))
    return again


def _refuse(unit: ast.Run, differs: Differs, inputs: Sequence[Value], at: At) -> Failed:
    from archdsl.diagnostic import Label
    from archdsl.errors.shapes import RunDiffers

    on = " and ".join(shown(value.shape, at.session.domain) for value in inputs if value.shape is not None)
    where = differs.node.place.span
    labels = (Label(where, "this step"),) if where.source is unit.span.source else ()
    return at.reporter.fail(RunDiffers(unit.ref.span.text, on, differs.reason), unit.span, labels=labels)
