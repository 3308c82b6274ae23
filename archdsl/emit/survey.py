"""What stands where: every distinct graph of a program, the block whose body it is part of, and who uses it."""

from __future__ import annotations

from archdsl.ir.bodies import bodies_first
from archdsl.ir.graph import Graph, Scope


class Survey:
    """Maps are keyed by graphs, which are equal only to themselves."""

    def __init__(self, root: Graph) -> None:
        self.graphs = list(bodies_first(root))
        """Bodies before what contains them."""
        self.uses: dict[Graph, list[Scope]] = {graph: [] for graph in self.graphs}
        """The steps that stand for a graph."""
        self.owner: dict[Graph, Graph] = {}
        """The network's or block's graph that a group is part of, and whose parameters its derivations speak of."""
        for graph in reversed(self.graphs):
            self.owner.setdefault(graph, graph)
            for node in graph.nodes:
                if isinstance(node, Scope):
                    self.uses[node.graph].append(node)
                    if node.graph.kind != "block":
                        self.owner.setdefault(node.graph, self.owner[graph])
