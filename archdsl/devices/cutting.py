"""The steps of a network -> those of one device, graph by graph.

    conv1: conv(96, 11x11) -> relu -> exchange        device 0 of 2:
                                                      x = exchange(F.relu(self.conv1(enter(x))), 1)   # 48 maps -> 96

In a split every device goes its own way, so a whole value's gradient there is the sum over all devices; outside they
all do the same, and each has all of the gradient. `enter`, `exchange`, `gather` and `leave` stand where one becomes the
other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archdsl.devices.local_ops import Enter, Leave, NotLocal
from archdsl.devices.on import Elsewhere, Entering, Placed, Telling
from archdsl.devices.own import own_layer, own_op, own_shape
from archdsl.devices.stages import copied
from archdsl.ir.graph import Check, Declared, Graph, Input, Layer, Node, Place, Scope, Tie, Value
from archdsl.ir.shares import Device
from archdsl.ops.op import Op


class Cut:
    """The cutting of a program for one device. Graphs that scopes share stay shared.

    origins: by step of what is made, that in whose place it stands, or for whose sake.
    elsewhere: by step that stands for those of another device, the paths within its graph of their layers with weights.
    """

    def __init__(self, device: int) -> None:
        self.device = device
        self.origins: dict[Node, Node] = {}
        self.elsewhere: dict[Node, tuple[str, ...]] = {}
        self._graphs: dict[tuple[Graph, bool], Graph] = {}

    def graph(self, graph: Graph, *, inside: bool) -> Graph:
        """One graph; `inside`: what it is handed is used by every device in its own way."""
        known = self._graphs.get((graph, inside))
        if known is None:
            known = self._graphs[graph, inside] = _GraphCut(self, graph, inside).made
        return known


class _GraphCut:
    def __init__(self, cut: Cut, graph: Graph, inside: bool) -> None:
        self.cut = cut
        self.old = graph
        self.inside = inside
        self.made = Graph(graph.kind, graph.title, graph.span)
        self.made.params = graph.params
        self.made.returns = graph.returns
        self.values: dict[Value, Value] = {}
        self._crossed: dict[Value, Value] = {}
        self._nodes: dict[Node, list[Node]] = {}
        for value in graph.inputs:
            assert isinstance(value.node, Input)
            node = Input(value.node.label, own_shape(value.shape, cut.device), value.node.place)
            self.values[value] = node.outputs[0]
            self.made.inputs.append(node.outputs[0])
        for node in graph.nodes:
            first = len(self.made.nodes)
            if node.place.device is None:
                self._node(node)
            elif node not in self._nodes:
                self._placed(Placed(graph, node), node.place.device)
            self._nodes.setdefault(node, self.made.nodes[first:])
            for made in self.made.nodes[first:]:
                cut.origins.setdefault(made, node)
        self.made.outputs = [self._used(value, self.inside, value.node.place) for value in graph.outputs]
        if graph.order is not None:
            behind = self.made.nodes[sum(map(len, self._nodes.values())) :]
            self.made.order = [*(new for old in graph.order for new in self._nodes[old]), *behind]
        self.made.checks = [
            Check(self._nodes[check.node][-1], check.axis, self.values[check.left], self.values[check.right])
            for check in graph.checks
            if self._nodes[check.node]
        ]
        self.made.ties = list(self._ties())

    def _ties(self) -> Iterator[Tie]:
        """Those of steps that the device has."""
        own = {path for path, _, _ in self.made.walk()} if self.old.ties else set[tuple[str, ...]]()
        for tie in self.old.ties:
            (step, tensor), owner = tie.modules
            if step in own:
                yield Tie(step, tensor, *owner, tie.span)

    def _made_inside(self, value: Value) -> bool:
        """Whether every device goes its own way where a value is made."""
        return self.inside if isinstance(value.node, Input) else value.node.place.split is not None

    def _used(self, value: Value, inside: bool, place: Place) -> Value:
        """A value as it is used inside a split, or outside. One that is shared out is nobody else's affair."""
        own = self.values[value]
        shared = value.shape is not None and value.shape.shares is not None
        if shared or self._made_inside(value) == inside:
            return own
        known = self._crossed.get(value)
        if known is None:
            op: Op = Enter() if inside else Leave()
            node = Layer(op, (own,), own.shape, None, place, {})
            self.made.nodes.append(node)
            known = self._crossed[value] = node.outputs[0]
        return known

    def _node(self, node: Node) -> None:
        inside = node.place.split is not None
        inputs = tuple(self._used(value, inside, node.place) for value in node.inputs)
        if isinstance(node, Declared):
            new: Node = Declared(node.kind, node.outputs[0].shape, node.name or (), node.place, node.start)
        elif isinstance(node, Scope):
            new = self._scope(node, inputs, inside)
        elif isinstance(node, Layer):
            new = self._layer(node, inputs)
        else:
            raise NotLocal(f"{type(node).__name__} can't be cut")
        self.made.nodes.append(new)
        self.values.update(zip(node.outputs, new.outputs))

    def _placed(self, placed: Placed, device: Device) -> None:
        """The steps of one device: there as they are, elsewhere what it tells of them."""
        entering = tuple(self._used(value, False, placed.steps[0].place) for value in placed.entering)
        if not entering:
            raise NotLocal(f"the steps on {device} are handed nothing")
        shapes = tuple(value.shape for value in placed.leaving if value.shape is not None)
        if device.number != self.cut.device:
            op = Elsewhere(device.number, shapes, placed.trains, placed.noise)
            results = self._add(op, entering, placed)
            self.cut.elsewhere[self.made.nodes[-1]] = placed.divided
            self._nodes.update((step, []) for step in placed.steps[1:])
        else:
            self.values.update(zip(placed.entering, self._add(Entering(device.number), entering, placed)))
            for step in placed.steps:
                copy = copied(step, [self.values[value] for value in step.inputs])
                self.made.nodes.append(copy)
                self._nodes[step] = [copy]
                self.cut.origins[copy] = step
                self.values.update(zip(step.outputs, copy.outputs))
            self.values.update(zip(placed.entering, entering))
            results = self._add(Telling(device.number), [self.values[value] for value in placed.leaving], placed)
        self.values.update(zip(placed.leaving, results))

    def _add(self, op: Op, inputs: Sequence[Value], placed: Placed) -> tuple[Value, ...]:
        shape = op.shape(*(value.shape for value in inputs))
        node = Layer(op, tuple(inputs), shape, None, placed.steps[0].place, {})
        self.made.nodes.append(node)
        return node.outputs

    def _scope(self, node: Scope, inputs: tuple[Value, ...], inside: bool) -> Scope:
        graph = self.cut.graph(node.graph, inside=inside)
        shapes = tuple(own_shape(value.shape, self.cut.device) for value in node.outputs)
        new = Scope(graph, inputs, shapes, node.name, node.place, node.args)
        new.runs, new.frozen = node.runs, node.frozen
        return new

    def _layer(self, node: Layer, inputs: tuple[Value, ...]) -> Layer:
        op, before = own_op(node, self.cut.device)
        if before is not None:
            (whole, *further), shape = inputs, inputs[0].shape
            assert shape is not None
            part = Layer(before, (whole,), before.shape(shape), None, whole.node.place, {})
            self.made.nodes.append(part)
            inputs = (part.outputs[0], *further)
        return own_layer(node, op, inputs, self.cut.device)
