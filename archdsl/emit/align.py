"""Graphs of one block -> one body: steps matched by where they are written, never by comparing trees.

A step that some graphs lack is skipped there: what reads it reads its first operand instead. The body is only accepted
if, skipped steps taken out, it is exactly the dataflow of every graph.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from archdsl.emit.survey import Place, Survey
from archdsl.ir.graph import Declared, Graph, Layer, Node, Value
from archdsl.record import Record

if TYPE_CHECKING:
    from archdsl.emit.loops import Loop

Ref = tuple[int, int]
"""A value in a body: the step's position (an input i is ~i) and which of its outputs."""

_MERGED_ORDER_LIMIT = 5_000
"""Longer bodies are only matched step by step: merging different ones takes quadratic time."""


class Member(Record):
    """A step in one of a body's graphs: the graph's number, the step, and the graph or group that it stands in.

    foreign: it is from another block, so its derivations speak of that block's parameters.
    shared:  it is what an argument makes, which others may use too.
    turn:    which turn of the loop at hand it is in.
    """

    graph: int
    node: Node
    home: Graph
    foreign: bool = False
    shared: bool = False
    turn: int | None = None


class Step:
    """What one place of the text is in each graph; None where the graph has no such step.

    present:  the graphs that have it, by number, and what it is there.
    one:      the step in the first of them.
    optional: not all have it.
    child:    what `is_child` found.
    """

    __slots__ = ("_members", "child", "nodes", "one", "operands", "optional", "place", "position", "present")

    def __init__(self, position: int, place: Place, nodes: list[Node | None]) -> None:
        self.position = position
        self.place = place
        self.nodes = nodes
        self.operands: tuple[Ref, ...] = ()
        self.present = [(i, node) for i, node in enumerate(nodes) if node is not None]
        self.one = self.present[0][1]
        self.optional = len(self.present) < len(nodes)
        self.child: bool | None = None
        self._members: list[Member] = []

    def members(self, body: Body) -> list[Member]:
        """Those that are present, with where they stand."""
        if not self._members:
            self._members = [Member(i, node, body.graphs[i]) for i, node in self.present]
        return self._members


class Body:
    """Several graphs as one. `loops` are the runs of steps that are written once, with a loop around them.

    form: how a class holds the steps, once that was asked: see `register.py`.
    """

    __slots__ = ("form", "graphs", "loops", "outputs", "steps")

    def __init__(self, graphs: Sequence[Graph], steps: list[Step]) -> None:
        self.graphs = graphs
        self.steps = steps
        self.outputs: tuple[Ref, ...] = ()
        self.loops: list[Loop] = []
        self.form: str | None = None

    @property
    def items(self) -> Iterator[Step | Loop]:
        """Steps, and loops in place of the steps in them."""
        at = 0
        for loop in self.loops:
            yield from self.steps[at : loop.start]
            yield loop
            at = loop.end
        yield from self.steps[at:]

    @property
    def schedule(self) -> Iterator[Step | Loop]:
        """Steps and loops in the order in which they run. Only in a network that is another one than the textual; then
        the network is the body's only graph, and nothing in it is written as a loop."""
        order = self.graphs[0].order
        if order is None:
            yield from self.items
            return
        steps = {step.one: step for step in self.steps}
        yield from (steps[node] for node in order)

    def actual(self, ref: Ref, graph: int) -> Ref:
        """What a value is in one graph, steps that it lacks left out."""
        while ref[0] >= 0 and self.steps[ref[0]].nodes[graph] is None and self.steps[ref[0]].operands:
            ref = self.steps[ref[0]].operands[0]
        return ref


def align(survey: Survey, graphs: Sequence[Graph]) -> Body | None:
    """One body for all the graphs; None if their steps or their dataflow differ by more than skipped steps."""
    key = tuple(graphs)
    if key not in survey.aligned:
        survey.aligned[key] = _align(survey, graphs)
    return survey.aligned[key]


def _align(survey: Survey, graphs: Sequence[Graph]) -> Body | None:
    keyed = [dict(zip(survey.places[graph], graph.nodes)) for graph in graphs]
    order = _merged([survey.places[graph] for graph in graphs])
    if order is None or len({(len(graph.inputs), ties(graph)) for graph in graphs}) > 1:
        return None
    steps = [Step(position, key, [nodes.get(key) for nodes in keyed]) for position, key in enumerate(order)]
    if not all(map(_alike, steps)):
        return None
    body = Body(graphs, steps)
    unlike = {graph.like or graph: i for i, graph in enumerate(graphs)}.values()  # the others have the same dataflow
    refs = {i: _refs(graphs[i], {id(step.nodes[i]): step.position for step in steps}) for i in unlike}
    for step in steps:
        found = [[known[id(value)] for value in node.inputs] for i, known in refs.items() if (node := step.nodes[i])]
        step.operands = tuple(map(max, zip(*found)))
    body.outputs = tuple(map(max, zip(*([known[id(v)] for v in graphs[i].outputs] for i, known in refs.items()))))
    return body if _faithful(body, refs) else None


def signature(survey: Survey, graph: Graph) -> Hashable:
    """Equal for graphs that have the same steps in the same dataflow, under the same names."""
    refs = _refs(graph, {id(node): position for position, node in enumerate(graph.nodes)})
    wiring = tuple((node.name, *(refs[id(value)] for value in node.inputs)) for node in graph.nodes)
    outputs = tuple(refs[id(value)] for value in graph.outputs)
    return tuple(survey.places[graph]), wiring, len(graph.inputs), outputs, ties(graph)


def ties(graph: Graph) -> Hashable:
    """Which tensors its steps share."""
    return frozenset((tie.step, tie.tensor, tie.owner, tie.source) for tie in graph.ties)


def _merged(sequences: list[list[Place]]) -> list[Place] | None:
    """An order that all sequences follow, each leaving something out."""
    longest = max(sequences, key=len)
    if all(sequence == longest for sequence in sequences):
        return longest
    if len(longest) > _MERGED_ORDER_LIMIT:
        return None
    merged = list(longest)
    for sequence in sequences:
        index = {key: i for i, key in enumerate(merged)}
        at, shift = 0, 0
        for key in sequence:
            if key not in index:
                merged.insert(at, key)
                shift += 1
                at += 1
            elif index[key] + shift < at:
                return None
            else:
                at = index[key] + shift + 1
    return merged


def _alike(step: Step) -> bool:
    """Whether a step can be one: as many operands and results everywhere, and a reason where it is missing."""
    nodes = [node for _, node in step.present]
    if len({(len(node.inputs), len(node.outputs)) for node in nodes}) > 1:
        return False
    reason = bool(step.place.turns) or all(
        node.place.guards or (isinstance(node, Layer) and node.merges == "residual") for node in nodes
    )
    if isinstance(nodes[0], Declared):
        return not step.optional or reason
    return not step.optional or (reason and len(nodes[0].inputs) >= 1 and len(nodes[0].outputs) == 1)


def _refs(graph: Graph, position: dict[int, int]) -> dict[int, Ref]:
    """The graph's values in the body's terms."""
    refs = {id(value): (~i, 0) for i, value in enumerate(graph.inputs)}
    for node in graph.nodes:
        for value in node.outputs:
            refs[id(value)] = (position[id(node)], value.index)
    return refs


def _faithful(body: Body, refs: Mapping[int, dict[int, Ref]]) -> bool:
    """Whether the body is the dataflow of the graphs of these numbers."""

    def equal(graph: int, said: Sequence[Ref], values: Sequence[Value]) -> bool:
        return [body.actual(ref, graph) for ref in said] == [refs[graph][id(value)] for value in values]

    return all(
        equal(i, step.operands, node.inputs) for i in refs for step in body.steps if (node := step.nodes[i])
    ) and all(
        len(body.graphs[i].outputs) == len(body.outputs) and equal(i, body.outputs, body.graphs[i].outputs)
        for i in refs
    )
