"""What stands where: every distinct graph of a program, the block whose body it is part of, who uses it, and where in
the text its steps are."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Set
from typing import TYPE_CHECKING, NamedTuple

from archdsl.emit.imports import foreign
from archdsl.ir.graph import Graph, Scope

if TYPE_CHECKING:
    from archdsl.emit.align import Body


class Place(NamedTuple):
    """Where in its graph's text a step stands: the same in all graphs of one text, different within one.

    turns: which turn it is in of each loop around it, the graph's own loops only.
    again: where one text is unfolded twice, how often it was before.
    """

    text: tuple[int, int, int]
    turns: tuple[int, ...]
    again: int


class Survey:
    """Maps are keyed by graphs, which are equal only to themselves."""

    def __init__(self, root: Graph, taken: Set[str] = frozenset()) -> None:
        self.graphs = list(_in_textual_order(root))
        """Bodies before what contains them."""
        self.foreign = foreign(self.graphs, taken)
        """What is imported from users' packages, and the name that each has here."""
        self.uses: dict[Graph, list[Scope]] = {graph: [] for graph in self.graphs}
        """The steps that stand for a graph."""
        self.owner: dict[Graph, Graph] = {}
        """The network's or block's graph that a group is part of, and whose parameters its derivations speak of."""
        for graph in reversed(self.graphs):
            self.owner.setdefault(graph, graph)
            for node in graph.nodes:
                if isinstance(node, Scope) and node.runs is None:
                    self.uses[node.graph].append(node)
                    if node.graph.kind != "block":
                        self.owner.setdefault(node.graph, self.owner[graph])
        self.places: dict[Graph, list[Place]] = {}
        """For each step of a graph its place in the text."""
        for graph in self.graphs:
            like = self.places.get(graph.like) if graph.like else None
            self.places[graph] = list(self._places(graph)) if like is None else like
        self.aligned: dict[tuple[Graph, ...], Body | None] = {}
        """What `align` made of graphs; it is asked several times."""

    def turns_around(self, graph: Graph) -> int:
        """How many loops of its text stand around a group."""
        uses = self.uses[graph]
        return len(uses[0].place.turns) if uses and graph.kind != "block" else 0

    def _places(self, graph: Graph) -> Iterator[Place]:
        outer = self.turns_around(graph)
        counts: dict[Hashable, int] = {}
        for node in graph.nodes:
            span = node.place.span
            text = (id(span.source), span.start, span.end)
            turns = tuple(turn.index for turn in node.place.turns[outer:])
            counts[text, turns] = count = counts.get((text, turns), -1) + 1
            yield Place(text, turns, count)


def _in_textual_order(root: Graph) -> Iterator[Graph]:
    """Every distinct graph when it is complete, as a reader goes through the text. What is run again is there once."""
    met = {root}
    stack = [(root, iter(root.nodes))]
    while stack:
        graph, nodes = stack[-1]
        for node in nodes:
            if isinstance(node, Scope) and node.runs is None and node.graph not in met:
                met.add(node.graph)
                stack.append((node.graph, iter(node.graph.nodes)))
                break
        else:
            yield graph
            stack.pop()
