"""Who reads each value of a graph."""

from __future__ import annotations

from archdsl.ir.graph import Graph, Node, Value


def readers(graph: Graph) -> dict[Value, list[Node | None]]:
    """The steps that read each value, in order; None: whoever the graph hands it to."""
    found: dict[Value, list[Node | None]] = {}
    for node in graph.nodes:
        for value in node.inputs:
            found.setdefault(value, []).append(node)
    for value in graph.outputs:
        found.setdefault(value, []).append(None)
    return found
