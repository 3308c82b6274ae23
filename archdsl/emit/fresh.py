"""Which results may be overwritten: read once, made anew, and not needed again by the step that made them.

A scope's input never qualifies: its maker may be anything.
"""

from __future__ import annotations

from archdsl.ir.graph import Graph, Layer, Scope, Value
from archdsl.ops.form import X

_UNSAFE = ("activation", "identity", "regularise")
"""Roles of ops that may have written over their operand and then need the result (leaky_relu keeps its output only
then), or that hand on their operand itself where they have nothing to do (dropout, when not training)."""


class Freshness:
    """Answers for the values of one program, each once."""

    def __init__(self) -> None:
        self._readers: dict[Graph, dict[int, int]] = {}
        self._fresh: dict[int, bool] = {}

    def overwritable(self, graph: Graph, value: Value) -> bool:
        """Whether the only reader of a value may put its own result in the same memory."""
        if self._count(graph).get(id(value)) != 1:
            return False
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
        shapes = [operand.shape for operand in node.inputs]
        return not isinstance(op.torch(*shapes).function, X)

    def _count(self, graph: Graph) -> dict[int, int]:
        if graph not in self._readers:
            counts = self._readers[graph] = dict[int, int]()
            for values in (*(node.inputs for node in graph.nodes), graph.outputs):
                for value in values:
                    counts[id(value)] = counts.get(id(value), 0) + 1
        return self._readers[graph]
