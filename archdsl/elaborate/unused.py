"""A value that no output depends on is a mistake: something was meant to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.elaborate.report import Reporter
from archdsl.ir.graph import Declared, Graph, Input, Node, Scope, Value

if TYPE_CHECKING:
    from archdsl.diagnostic import Help
    from archdsl.elaborate.values import Tensor


def report_unused(graph: Graph, reporter: Reporter, last: Tensor | None = None) -> None:
    """Report every step of a finished body, groups included, whose result nothing takes, and a network's inputs.

    last: a network's last value, which is given back only where no output is stated. Behind other errors it says
    nothing: a step that failed may have been the one to take it.
    """
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
            helps = _state_it() if last is not None and node is last.value.node else _use_it(node, body)
            reporter.report(Unused(what), node.place.span, helps=helps)
        if body.kind == "network":
            _report_inputs([value for value in body.inputs if id(value) not in used], reporter)


def _state_it() -> tuple[Help, ...]:
    from archdsl.diagnostic import Help

    return (Help("where outputs are stated, the last value is none of them by itself: add `output name: @`"),)


def _use_it(node: Node, body: Graph) -> tuple[Help, ...]:
    """How a labelled step's result is used; without a label, where the chain began anew is in sight anyway."""
    label = ".".join(node.name or ())
    if isinstance(node, Declared) or not label or label.isdecimal():
        return ()
    from archdsl.diagnostic import Help

    written = f"@{label}" if label.isidentifier() else f'@"{label}"'
    stated = f", or give it out: `output name: {written}`" if body.kind == "network" else ""
    return (Help(f"use it below, as `{written}`{stated}"),)


def _report_inputs(unused: list[Value], reporter: Reporter) -> None:
    for value in unused:
        from archdsl.errors.networks import UnusedInput

        assert isinstance(value.node, Input)
        reporter.report(UnusedInput(value.node.label), value.node.place.span)
