"""Groups: a scope written in place, as braces or as a labelled connector."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.elaborate.context import At
from archdsl.elaborate.report import Failed
from archdsl.elaborate.scopes import ScopeBuilder
from archdsl.elaborate.values import Tensor
from archdsl.elaborate.written import StepLabel
from archdsl.ir.graph import Graph, Input, Place, Scope
from archdsl.source import Span


def run_group(
    run: Callable[[At], Tensor | None],
    label: StepLabel | None,
    span: Span,
    at: At,
    kind: str = "group",
) -> Tensor | None:
    """Unfold `run` in a scope of its own. The result is the group's first output."""
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
    if entering is not None:
        entry = Input("x", entering.value.shape, Place(span))
        graph.inputs.append(entry.outputs[0])
        inner.current = Tensor(entry.outputs[0], builder)
    with at.session.deeper(span):
        result = run(inner)
    if result is None:
        return None
    inside = builder.localise(result)
    graph.outputs.append(inside)
    inputs = (*((at.scope.localise(entering),) if entering is not None else ()), *builder.captured())
    node = Scope(graph, inputs, (inside.shape,), name, place, {})
    builder.node = node
    tensor = at.scope.add(node)
    at.scope.enter(name, tensor, builder)
    return tensor
