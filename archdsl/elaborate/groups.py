"""Groups: a scope written in place, as braces or as a labelled connector."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.elaborate.context import At
from archdsl.elaborate.flow import tensors_in, with_tensors
from archdsl.elaborate.report import Failed
from archdsl.elaborate.scopes import ScopeBuilder
from archdsl.elaborate.values import Flow, Tensor
from archdsl.elaborate.written import StepLabel
from archdsl.ir.graph import Graph, Input, Place, Scope
from archdsl.source import Span


def run_group(
    run: Callable[[At], Flow | None],
    label: StepLabel | None,
    span: Span,
    at: At,
    kind: str = "group",
) -> Flow | None:
    """Unfold `run` in a scope of its own. Its result is the group's first output, or first outputs for a list."""
    try:
        name = at.scope.claim(label, "group", span, at)
    except Failed:
        name = (str(at.scope.counted),)
    if label is None and at.scope.conditional is not None:
        at.scope.warn_of_moving_key(span, at)
    at.session.spend("steps", 1, span)
    graph = Graph(kind, label.parts[-1] if label else "", span)
    builder = ScopeBuilder(graph, (*at.scope.path, *name), at.scope)
    place = at.place(span)
    entering = at.current
    inner = at.inner(scope=builder)
    inner.region = None
    if entering is not None:
        graph.inputs += (Input("x", t.value.shape, Place(span)).outputs[0] for t in tensors_in(entering))
        inner.current = with_tensors(entering, (Tensor(value, builder) for value in graph.inputs))
    with at.session.deeper(span):
        result = run(inner)
    if result is None:
        return None
    graph.outputs += builder.localise_all(result)
    at.session.spend("work", len(graph.inputs) + len(graph.outputs), span)  # a list may hold many
    inputs = (*at.scope.localise_all(entering), *builder.captured())
    node = Scope(graph, inputs, tuple(value.shape for value in graph.outputs), name, place, {})
    builder.node = node
    at.scope.add(node)
    outside = with_tensors(result, (Tensor(value, at.scope) for value in node.outputs))
    at.session.groups[graph] = builder
    at.scope.enter(name, outside, builder, node)
    return outside
