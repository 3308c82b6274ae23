"""A network and which of its layers to divide -> the same network, with a `split` around them.

    fc6: linear(4096) -> relu          split(gpus) {
    fc7: linear(4096) -> relu              fc6: linear(4096) -> relu -> exchange
    fc8: linear(classes)                   fc7: linear(4096) -> relu -> exchange
                                           fc8: linear(classes)
                                       }

It computes the same: an `exchange` stands before every layer but the first, so all of them see all that they saw. There
is none before a convolution whose groups lie on one device each: on one device, too, they see no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from archdsl.devices.stages import copied
from archdsl.elaborate.sharing import fit
from archdsl.ir.graph import Graph, Layer, Node, Place, Program, Scope, Value
from archdsl.ir.readers import readers
from archdsl.ir.shape import Shape
from archdsl.ir.shares import Mesh, Shares, Split
from archdsl.ops.apart import followed, groups_of
from archdsl.ops.exchange import Exchange, Gather
from archdsl.ops.op import Refused
from archdsl.source import Span


class Run:
    """Steps one behind the other that stand together in one pair of braces, of which only the last is read by others:
    the first is a layer to be divided. `exchanged` are the values that are made whole for another of these."""

    __slots__ = ("exchanged", "steps")

    def __init__(self, steps: Sequence[Layer], exchanged: Sequence[Value]) -> None:
        self.steps = steps
        self.exchanged = exchanged

    @property
    def layers(self) -> list[tuple[Layer, Value]]:
        """Those that are divided, each with the value that is made whole behind it, if one is: of its own, or of what
        follows it."""
        found: list[tuple[Layer, Value]] = []
        last = self.result
        for step in reversed(self.steps):
            if step.outputs[0] in self.exchanged:
                last = step.outputs[0]
            if step.op.divided:
                found.append((step, last))
        return found[::-1]

    @property
    def behind_exchange(self) -> list[Layer]:
        """Those before which an exchange stands."""
        return [step for step in self.steps if step.inputs[0] in self.exchanged]

    @property
    def result(self) -> Value:
        return self.steps[-1].outputs[0]


def evenly(mesh: Mesh) -> Split:
    return Split(mesh, (1,) * mesh.size)


def runs(graph: Graph, split: Split, chosen: Collection[Span] | None = None) -> Iterator[Run]:
    """The runs of one graph; `chosen`: where the layers are written that are to be divided, None: all that can be."""
    if graph.order is not None:
        return  # side chains run elsewhere than where they are written
    read_by = readers(graph)
    again = {node.runs[-1] for node in graph.nodes if node.runs}
    again |= {name for tie in graph.ties for name in (tie.step[-1], tie.owner[-1])}
    nodes = iter(graph.nodes)
    node = next(nodes, None)
    while node is not None:
        if not isinstance(node, Layer) or _divided(node, split, chosen, again) is None:
            node = next(nodes, None)
            continue
        steps, exchanged = [node], list[Value]()
        shares = _divided(node, split, chosen, again)
        node = next(nodes, None)
        while isinstance(node, Layer) and _behind(node, steps[-1]) and read_by[steps[-1].outputs[0]] == [node]:
            assert shares is not None
            followed = _follows(node, shares) or _in_groups(node, shares, split, chosen, again)
            if followed is not None:
                shares = followed
            elif (own := _divided(node, split, chosen, again)) is not None:
                exchanged.append(steps[-1].outputs[0])
                shares = own
            else:
                break
            steps.append(node)
            node = next(nodes, None)
        yield Run(steps, exchanged)


def _behind(step: Layer, other: Layer) -> bool:
    """Whether a step is written in the same braces as the one before it, for the same turn of the same loops."""
    one, two = step.place, other.place
    same = one.region is two.region and one.guards == two.guards and one.span.source is two.span.source
    return same and one.turns == two.turns and step.inputs == other.outputs


def _divided(node: Layer, split: Split, chosen: Collection[Span] | None, again: Collection[str]) -> Shares | None:
    """How the result of a layer is shared out that is divided; None: it isn't."""
    place, shape = node.place, node.inputs[0].shape if node.inputs else None
    if chosen is not None and place.span not in chosen:
        return None
    if not node.op.divided or len(node.inputs) != 1 or shape is None or place.split or place.device:
        return None
    if node.runs or (node.name and node.name[-1] in again):
        return None  # a step that is run again, or shares its tensors, would be so on all devices
    try:
        op, shares = fit(node.op, [shape], split)
    except Refused:
        return None
    return shares if op == node.op else None


def _in_groups(
    node: Layer, shares: Shares, split: Split, chosen: Collection[Span] | None, again: Collection[str]
) -> Shares | None:
    """How the result of a layer is shared out whose groups are those of the devices: it needs no exchange."""
    shape = node.inputs[0].shape if node.inputs else None
    if groups_of(node.op) == 1 or shape is None or _divided(node, split, chosen, again) is None:
        return None
    op, own = fit(node.op, [shape.shared(shares)], split)
    return own if op == node.op else None


def _follows(step: Layer, shares: Shares) -> Shares | None:
    """How its result is shared out where its operand is; None: it needs the whole, or would be another step."""
    op, shape = step.op, step.inputs[0].shape if len(step.inputs) == 1 else None
    if shape is None or len(step.outputs) != 1 or op.divided or groups_of(op) > 1 or step.tied or step.runs:
        return None
    if op.draws and op.noise(shape) is None:
        return None  # it can't draw for a share
    axis = followed(op, shares, shape)
    return None if axis is None else Shares(shares.split, axis)


def divided(program: Program, mesh: Mesh, chosen: Collection[Span]) -> Program:
    """The network with these layers divided over a mesh, as far as they can be."""
    made = _Dividing(evenly(mesh), chosen).graph(program.graph)
    return Program(program.title, made, program.nominal, (), program.domain, program.source)


class _Dividing:
    """Graphs that scopes share stay shared."""

    def __init__(self, split: Split, chosen: Collection[Span]) -> None:
        self.split = split
        self.chosen = chosen
        self._graphs: dict[Graph, Graph] = {}

    def graph(self, graph: Graph) -> Graph:
        if graph not in self._graphs:
            self._graphs[graph] = self._made(graph)
        return self._graphs[graph]

    def _made(self, graph: Graph) -> Graph:
        made = Graph(graph.kind, graph.title, graph.span)
        made.params, made.inputs, made.returns, made.ties = graph.params, graph.inputs, graph.returns, graph.ties
        values = {value: value for value in graph.inputs}
        copies: dict[Node, Node] = {}
        found = list(runs(graph, self.split, self.chosen))
        inside: dict[Node, Run] = {step: run for run in found for step in run.steps}
        for node in graph.nodes:
            inputs = [values[value] for value in node.inputs]
            run = inside.get(node)
            if run is not None:
                copy: Node = self._inside(node, inputs[0], made, exchange=node.inputs[0] in run.exchanged)
            else:
                copy = copied(node, inputs)
            if isinstance(copy, Scope):
                copy.graph = self.graph(copy.graph)
            made.nodes.append(copy)
            copies[node] = copy
            values.update(zip(node.outputs, copy.outputs))
            if run is not None and node is run.steps[-1]:
                values[run.result] = _whole(Gather(), copy.outputs[0], node.place, made)
        made.outputs = [values[value] for value in graph.outputs]
        if graph.order is not None:
            made.order = [copies[node] for node in graph.order]
        return made

    def _inside(self, node: Node, x: Value, made: Graph, *, exchange: bool) -> Layer:
        assert isinstance(node, Layer)
        old = node.place
        place = Place(old.span, old.turns, old.guards, old.region, self.split)
        if exchange:
            x = _whole(Exchange(), x, place, made)
        assert x.shape is not None
        op, shares = fit(node.op, [x.shape], self.split)
        copy = copied(node, [x])
        assert isinstance(copy, Layer)
        copy.op, copy.place = op, place
        result = node.outputs[0].shape
        assert result is not None
        copy.outputs = (Value(copy, 0, result.shared(shares)),)
        return copy


def _whole(op: Exchange | Gather, x: Value, place: Place, made: Graph) -> Value:
    assert x.shape is not None
    shape: Shape = x.shape.shared(None)
    node = Layer(op, (x,), shape, None, place, {})
    made.nodes.append(node)
    return node.outputs[0]
