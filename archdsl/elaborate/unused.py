"""A value that no output depends on is a mistake: something was meant to use it."""

from __future__ import annotations

from archdsl.elaborate.report import Reporter
from archdsl.ir.graph import Declared, Graph, Scope


def report_unused(graph: Graph, reporter: Reporter) -> None:
    """Report every step of a finished body, groups included, whose result nothing takes. Behind other errors it says
    nothing: a step that failed may have been the one to take it."""
    if reporter.diagnostics.failed:
        return
    shared: set[tuple[str, ...]] = set()
    todo: list[tuple[tuple[str, ...], Graph]] = [((), graph)]
    while todo:
        path, body = todo.pop()
        shared.update((*path, *tie.owner) for tie in body.ties)
        used: set[int] = {id(value) for value in body.outputs}
        for node in body.nodes:
            used.update(id(value) for value in node.inputs)
            if isinstance(node, Scope) and node.graph.kind != "block" and node.runs is None:
                todo.append(((*path, *(node.name or ())), node.graph))
        for node in body.nodes:
            if any(id(value) in used for value in node.outputs):
                continue
            if isinstance(node, Declared) and (node.kind == "buffer" or (*path, *(node.name or ())) in shared):
                continue  # a buffer may be there to be saved
            from archdsl.errors.names import Unused

            what = f"`{'.'.join(node.name or ())}`" if isinstance(node, Declared) else "the result of this step"
            reporter.report(Unused(what), node.place.span)
