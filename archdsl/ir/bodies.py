"""The graphs within a graph, each once however often it is called: for analyses that are linear in the text."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir.graph import Graph, Scope


def bodies_first(graph: Graph) -> Iterator[Graph]:
    """Every distinct graph below, and `graph` itself last: a body always comes before what contains it."""
    done: set[Graph] = set()
    stack = [graph]
    while stack:
        top = stack[-1]
        if top not in done:
            bodies = {node.graph: None for node in top.nodes if isinstance(node, Scope)}
            if missing := [body for body in bodies if body not in done]:
                stack.extend(missing)
                continue
            done.add(top)
            yield top
        stack.pop()
