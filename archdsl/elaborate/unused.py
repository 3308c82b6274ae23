"""A value that no output depends on is a mistake: something was meant to use it."""

from __future__ import annotations

from archdsl.elaborate.report import Reporter
from archdsl.ir.graph import Graph, Scope


def report_unused(graph: Graph, reporter: Reporter) -> None:
    """Report every step of a finished body, groups included, whose result nothing takes. Behind other errors it says
    nothing: a step that failed may have been the one to take it."""
    if reporter.diagnostics.failed:
        return
    todo = [graph]
    while todo:
        body = todo.pop()
        used: set[int] = {id(value) for value in body.outputs}
        for node in body.nodes:
            used.update(id(value) for value in node.inputs)
            if isinstance(node, Scope) and node.graph.kind != "block":
                todo.append(node.graph)
        for node in body.nodes:
            if not any(id(value) in used for value in node.outputs):
                from archdsl.errors.names import Unused

                reporter.report(Unused(), node.place.span)
