"""A network with splits -> the network that one device runs, and which part of each tensor it holds.

    conv1: conv(96, 11x11) -> relu -> exchange        device 0 of 2:
                                                      x = exchange(F.relu(self.conv1(enter(x))), 1)   # 48 maps -> 96

In a split every device goes its own way, so a whole value's gradient there is the sum over all devices; outside they
all do the same, and each has all of the gradient. `enter`, `exchange`, `gather` and `leave` stand where one becomes the
other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from archdsl.devices.local_ops import Enter, Leave, NotLocal
from archdsl.devices.on import Elsewhere, Entering, Placed, Telling
from archdsl.devices.own import own_layer, own_op, own_shape
from archdsl.devices.stages import copied
from archdsl.ir.graph import Check, Declared, Graph, Input, Layer, Node, Place, Program, Scope, Tie, Value
from archdsl.ir.shares import Device, Mesh, Split
from archdsl.ops.op import Op
from archdsl.ops.uneven import Uneven
from archdsl.record import Record
from archdsl.state import tensors as held_tensors


class Part(Record):
    """A tensor of the whole network is cut along an axis; `sizes` are the devices' parts of it."""

    axis: int
    sizes: tuple[int, ...]


class Local:
    """One device's network.

    parts:  by `state_dict` key those tensors of which it holds a part; it has all of the others.
    summed: the keys of parameters that every device has, but uses in its own way: their gradient is the sum of all
            devices' gradients.
    placed: the keys of what one device alone has, and which.
    origins: by step, that of the whole network in whose place it stands, or for whose sake.
    """

    def __init__(
        self,
        program: Program,
        mesh: Mesh,
        device: int,
        parts: Mapping[str, Part],
        summed: Set[str],
        placed: Mapping[str, int],
        origins: Mapping[Node, Node],
    ) -> None:
        self.program = program
        self.mesh = mesh
        self.device = device
        self.parts = parts
        self.summed = summed
        self.placed = placed
        self.origins = origins

    def step(self, node: Node, path: str) -> str:
        """What the whole network calls one of the device's steps: in groups of different sizes, a group is in it."""
        origin = self.origins.get(node)
        return path.rpartition(".")[0] if isinstance(origin, Layer) and isinstance(origin.op, Uneven) else path


def group_mesh(program: Program) -> Mesh | None:
    """The devices that a network speaks of; None: it speaks of none. Raises `NotLocal` for several groups of them."""
    places = [node.place for _, node, _ in program.graph.walk()]
    meshes = {where.mesh: None for place in places if (where := place.split or place.device) is not None}
    for value in program.graph.inputs:  # a stage may be handed what another one shares out
        if value.shape is not None and value.shape.shares is not None:
            meshes.setdefault(value.shape.shares.split.mesh)
    if len(meshes) > 1:
        raise NotLocal(f"{program.title} speaks of several meshes: {', '.join(map(str, meshes))}")
    return next(iter(meshes), None)


def local(program: Program, device: int) -> Local:
    """The network of one device. Raises `NotLocal`, and `IndexError` for a device that the mesh does not have."""
    mesh = group_mesh(program)
    if mesh is None:
        raise NotLocal(f"{program.title} says nothing of devices: no split, no on")
    if not 0 <= device < mesh.size:
        raise IndexError(f"{mesh} has no device {device}")
    cut = _Cut(device)
    graph = cut.graph(program.graph, inside=False)
    graph.returns = program.graph.returns
    made = Program(program.title, graph, program.nominal, (), program.domain, program.source)
    tensors = dict(cut.tensors(graph))
    parts = {key: part for key, part in tensors.items() if part is not None}
    placed = dict(_placed(program))
    _need_equal_ties(program, parts, placed)
    return Local(made, mesh, device, parts, tensors.keys() - parts.keys(), placed, cut.origins)


def _need_equal_ties(program: Program, parts: Mapping[str, Part], placed: Mapping[str, int]) -> None:
    """A tensor with two names is cut alike under both, and lies on the same devices."""
    for held in held_tensors(program):
        own, other = parts.get(held.key), parts.get(held.tied)
        if held.tied and (own and (own.axis, own.sizes)) != (other and (other.axis, other.sizes)):
            raise NotLocal(f"`{held.key}` is `{held.tied}`, but devices would have different parts of it")
        if held.tied and placed.get(held.key) != placed.get(held.tied):
            raise NotLocal(f"`{held.key}` is `{held.tied}`, but they would lie on different devices")


def _placed(program: Program) -> Iterator[tuple[str, int]]:
    for path, node, _ in program.graph.walk():
        if node.runs is not None:
            continue
        device = node.place.device and node.place.device.number
        if isinstance(node, Declared) and device is not None:
            yield ".".join(path), device
        elif isinstance(node, Layer):
            groups = isinstance(node.op, Uneven)
            for state in node.state if groups or device is not None else ():
                number = int(state.name.partition(".")[0]) if groups else device
                assert number is not None
                yield ".".join((*path, state.name)), number


class _Cut:
    """The cutting of a program for one device. Graphs that scopes share stay shared."""

    def __init__(self, device: int) -> None:
        self.device = device
        self.origins: dict[Node, Node] = {}
        self._graphs: dict[tuple[Graph, bool], Graph] = {}
        self._tensors: dict[Node, list[tuple[str, Part | None]]] = {}

    def graph(self, graph: Graph, *, inside: bool) -> Graph:
        """One graph; `inside`: what it is handed is used by every device in its own way."""
        known = self._graphs.get((graph, inside))
        if known is None:
            known = self._graphs[graph, inside] = _GraphCut(self, graph, inside).made
        return known

    def note(self, old: Layer, new: Layer, split: Split) -> None:
        """Remember what the device holds of a layer's tensors: a part, along the axis whose size differs; or all.

        Groups of different sizes have tensors of their own, all of which are `placed`.
        """
        if isinstance(old.op, Uneven):
            return
        whole = old.op.state(*(value.shape for value in old.inputs))
        own = new.op.state(*(value.shape for value in new.inputs))
        notes: list[tuple[str, Part | None]] = []
        for before, after in zip(whole, own):
            axis = next((i for i, (a, b) in enumerate(zip(before.shape, after.shape)) if a != b), None)
            if axis is not None:
                notes.append((before.name, Part(axis, split.sizes(before.shape[axis]))))
            elif before.trainable and split.size > 1:
                notes.append((before.name, None))
        self._tensors[new] = notes

    def note_declared(self, new: Declared) -> None:
        """Every device has all of a tensor of the scope's own."""
        if new.kind == "param":
            self._tensors[new] = [("", None)]

    def tensors(self, graph: Graph) -> Iterator[tuple[str, Part | None]]:
        """The parameters and buffers of splits by their keys; None: every device has all of it."""
        for path, node, _ in graph.walk():
            if node.runs is None:
                for name, part in self._tensors.get(node, ()):
                    yield ".".join((*path, name) if name else path), part


class _GraphCut:
    def __init__(self, cut: _Cut, graph: Graph, inside: bool) -> None:
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
            *group, tensor = tie.tensor.split(".")
            *owner, source = tie.source.split(".")
            step = (*tie.step, *group)
            if step in own:
                yield Tie(step, tensor, (*tie.owner, *owner), source, tie.span)

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
            if inside:
                self.cut.note_declared(new)
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
        new = own_layer(node, op, inputs, self.cut.device)
        if node.place.split is not None:
            self.cut.note(node, new, node.place.split)
        return new
