"""Which results may be overwritten: read once, made anew, and not needed again by the step that made them.

A scope's input never qualifies: its maker may be anything.
"""

from __future__ import annotations

from archdsl.ir.graph import CHECKPOINT, Graph, Layer, Node, Scope, Value
from archdsl.ops.form import X

_UNSAFE = ("activation", "identity", "regularise")
"""Roles of ops that may have written over their operand and then need the result (leaky_relu keeps its output only
then), or that hand on their operand itself where they have nothing to do (dropout, when not training)."""


class Freshness:
    """Answers for the values of one program, each once."""

    def __init__(self) -> None:
        self._readers: dict[Graph, dict[int, list[Node | None]]] = {}
        self._fresh: dict[int, bool] = {}

    def overwritable(self, graph: Graph, value: Value) -> bool:
        """Whether the only reader of a value may put its own result in the same memory."""
        readers = self._readers_of(graph).get(id(value), [])
        if len(readers) != 1:
            return False
        reader = readers[0]
        if reader is not None and reader.place.within(CHECKPOINT) is not value.node.place.within(CHECKPOINT):
            return False  # what a segment is handed must be the same when it runs again
        if id(value) not in self._fresh:
            self._fresh[id(value)] = self._made_anew(value)
        return self._fresh[id(value)]

    def _made_anew(self, value: Value) -> bool:
        node = value.node
        if isinstance(node, Scope):
            return self.overwritable(node.graph, node.graph.outputs[value.index])
        if not isinstance(node, Layer):
            return False
        op = node.op
        if op.keeps_output or op.view or op.role in _UNSAFE:
            return False
        return not isinstance(node.form.function, X)

    def _readers_of(self, graph: Graph) -> dict[int, list[Node | None]]:
        """By value, the steps that read it; None for the graph's own outputs."""
        if graph not in self._readers:
            found = self._readers[graph] = dict[int, list[Node | None]]()
            for node in graph.nodes:
                for value in node.inputs:
                    found.setdefault(id(value), []).append(node)
            for value in graph.outputs:
                found.setdefault(id(value), []).append(None)
        return self._readers[graph]
