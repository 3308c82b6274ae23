"""The steps of a network -> those of all devices of its splits, graph by graph.

A value has an equal on each device that needs it: its part, or the whole of it, which is moved there once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import groupby
from typing import TypeVar

from archdsl.devices.draws import known
from archdsl.devices.local_ops import NotLocal
from archdsl.devices.own import own_layer, own_op, own_shape
from archdsl.devices.spread_ops import Dropped, Moved, Together
from archdsl.devices.stages import copied
from archdsl.ir.graph import ON, TRAINING, Check, Declared, Graph, Input, Layer, Node, Place, Program, Scope, Tie, Value
from archdsl.ir.shares import Mesh
from archdsl.ops.exchange import Exchange, Gather
from archdsl.ops.regularise import DropPath, Random
from archdsl.ops.uneven import Uneven

Path = tuple[str, ...]
NodeT = TypeVar("NodeT", bound=Node)


class Spreading:
    """The spreading of a program. Graphs that scopes share stay shared.

    containers: the modules that hold the devices' layers, by name: that of the mesh and a number.
    """

    def __init__(self, program: Program, mesh: Mesh) -> None:
        self.devices = range(mesh.size)
        taken = {part for _, node, _ in program.graph.walk() for part in node.name or ()}
        name = mesh.name
        while any(f"{name}{device}" in taken for device in self.devices):
            name += "_"
        self.containers = [f"{name}{device}" for device in self.devices]
        self._graphs: dict[tuple[Graph, bool], Graph] = {}

    def graph(self, graph: Graph, *, inside: bool) -> Graph:
        """One graph; `inside`: each device has a value in the place of what it is handed."""
        known = self._graphs.get((graph, inside))
        if known is None:
            known = self._graphs[graph, inside] = _GraphSpread(self, graph, inside).made
        return known

    def named(self, path: Path, node: Node) -> list[Path]:
        """The paths of what the devices have in the place of a step that they work on apart; else its own."""
        if not _apart(node):
            return [path]
        at = len(path) - len(node.name or ())
        found = [(*path[:at], container, *path[at:]) for container in self.containers]
        groups = isinstance(node, Layer) and isinstance(node.op, Uneven)
        return [(*own, str(group)) for group, own in enumerate(found)] if groups else found

    def copies(self, graph: Graph) -> Iterator[tuple[Path, list[Path]]]:
        """The path of each layer that they work on apart, or of each of its groups, and those of what they have."""
        for path, node, _ in graph.walk():
            if not node.name or node.runs is not None or not _apart(node):
                continue
            own = self.named(path, node)
            if isinstance(node, Layer) and isinstance(node.op, Uneven):
                yield from (((*path, str(group)), [one]) for group, one in enumerate(own))
            else:
                yield path, own


class _GraphSpread:
    def __init__(self, spreading: Spreading, graph: Graph, inside: bool) -> None:
        self.spreading = spreading
        self.devices = spreading.devices
        self.old = graph
        self.made = Graph(graph.kind, graph.title, graph.span)
        self.made.params = graph.params
        self.made.returns = graph.returns
        self.held: dict[Value, list[Value | None]] = {}
        self._moved: dict[tuple[Value, int, object], Value] = {}
        self._added: list[Node] = []
        self._device: dict[Node, int] = {}
        handed = self.devices if inside else self.devices[:1]
        for value in graph.inputs:
            assert isinstance(value.node, Input)
            nodes = [Input(_label(value.node, i, inside), own_shape(value.shape, i), value.node.place) for i in handed]
            self.made.inputs += [node.outputs[0] for node in nodes]
            self._hold(value, {i: node.outputs[0] for i, node in zip(handed, nodes)})
        nodes = {node: self._spread(node) for node in graph.schedule}
        self.made.outputs = [self._on(i, value, value.node.place) for value in graph.outputs for i in handed]
        self._finish(nodes, self._added)

    def _finish(self, nodes: Mapping[Node, list[Node]], behind: list[Node]) -> None:
        """The graph's steps in both orders, without those whose result no device needs."""
        scheduled = [*(new for old in self.old.schedule for new in nodes[old]), *behind]
        needed = set(self.made.outputs)
        dead: set[Node] = set()
        for node in reversed(scheduled):
            if _only_computes(node) and needed.isdisjoint(node.outputs):
                dead.add(node)
            else:
                needed.update(node.inputs)
        written = [*(new for old in self.old.nodes for new in nodes[old]), *behind]
        self.made.nodes = self._by_device(node for node in written if node not in dead)
        if self.old.order is not None:
            self.made.order = self._by_device(node for node in scheduled if node not in dead)
        for check in self.old.checks:
            node = nodes[check.node][-1]
            device = self.devices[-1] if _apart(check.node) else _device_of(check.node) or 0
            left, right = (self._on(device, value, node.place) for value in (check.left, check.right))
            self.made.checks.append(Check(node, check.axis, left, right))
        self.made.ties = [new for tie in self.old.ties for new in self._ties(tie)]

    def _by_device(self, nodes: Iterable[Node]) -> list[Node]:
        """Steps of one line that devices do apart, one device behind the other: so the line becomes one for each."""

        def line(node: Node) -> tuple[bool, int]:
            return node in self._device, node.place.span.line

        runs = (list(run) for _, run in groupby(nodes, key=line))
        return [node for run in runs for node in sorted(run, key=lambda node: self._device.get(node, 0))]

    def _hold(self, value: Value, copies: Mapping[int, Value]) -> None:
        self.held[value] = [copies.get(i) for i in self.devices]

    def _add(self, node: NodeT, device: int | None = None) -> NodeT:
        """Have a step in the place of the one at hand; `device`: it needs nothing that others make of that line."""
        self._added.append(node)
        if device is not None:
            self._device[node] = device
        return node

    def _on(self, device: int, value: Value, place: Place) -> Value:
        """A value as a device has it, moved there if it does not; by a step at that place."""
        own = self.held[value][device]
        # What is made in training only is not there for others.
        key = (value, device, place.within(TRAINING))
        own = own or self._moved.get((value, device, None)) or self._moved.get(key)
        if own is None:
            source = next(copy for copy in self.held[value] if copy is not None)
            assert value.shape is None or value.shape.shares is None, "each device has its part"
            node = self._add(Layer(Moved(device), (source,), source.shape, None, place, {}), device)
            own = self._moved[key] = node.outputs[0]
        return own

    def _spread(self, node: Node) -> list[Node]:
        """What takes the place of a step."""
        self._added = []
        device = _device_of(node)
        if device is not None:
            self._copy(node, device)
        elif isinstance(node, Declared):
            self._copy(node, 0)
        elif isinstance(node, Scope):
            self._scope(node)
        elif isinstance(node, Layer):
            self._layer(node)
        else:
            raise NotLocal(f"{type(node).__name__} can't be spread over devices")
        added, self._added = self._added, []
        return added

    def _copy(self, node: Node, device: int) -> None:
        copy = self._add(copied(node, [self._on(device, value, node.place) for value in node.inputs]))
        for old, new in zip(node.outputs, copy.outputs):
            self._hold(old, {device: new})

    def _scope(self, node: Scope) -> None:
        inside = node.place.split is not None
        at = self.devices if inside else self.devices[:1]
        inputs = tuple(self._on(i, value, node.place) for value in node.inputs for i in at)
        shapes = tuple(own_shape(value.shape, i) for value in node.outputs for i in at)
        new = Scope(self.spreading.graph(node.graph, inside=inside), inputs, shapes, node.name, node.place, node.args)
        new.runs, new.frozen = node.runs, node.frozen
        self._add(new)
        made = iter(new.outputs)
        for value in node.outputs:
            self._hold(value, dict(zip(at, made)))

    def _layer(self, node: Layer) -> None:
        if isinstance(node.op, Exchange | Gather):
            self._together(node)
        elif node.place.split is None:
            self._copy(node, 0)
        elif isinstance(node.op, Random) and node.op.draws:
            self._dropped(node)
        elif not _apart(node):
            self._copy(node, 0)
        else:
            copies = [self._own(node, i) for i in self.devices]
            for old, *new in zip(node.outputs, *(copy.outputs for copy in copies)):
                self._hold(old, dict(enumerate(new)))

    def _together(self, node: Layer) -> None:
        """What is exchanged is whole on every device; what is gathered, on the first."""
        (value,) = node.inputs
        assert value.shape is not None and value.shape.shares is not None
        parts = tuple(self._on(i, value, node.place) for i in self.devices)
        at = self.devices if isinstance(node.op, Exchange) else self.devices[:1]
        ops = [Together(value.shape.shares.axis, i) for i in at]
        nodes = [self._add(Layer(op, parts, node.outputs[0].shape, None, node.place, {})) for op in ops]
        self._hold(node.outputs[0], {i: new.outputs[0] for i, new in zip(at, nodes)})

    def _dropped(self, node: Layer) -> None:
        (value,) = node.inputs
        noise = known(node, "exchange before it")
        shares = value.shape.shares if value.shape is not None else None
        axis = shares.axis if shares is not None else None
        whole_samples = isinstance(node.op, DropPath)
        op = Dropped("drop_path" if whole_samples else noise.function, noise.p, None if whole_samples else axis)
        parts = tuple(self._on(i, value, node.place) for i in self.devices)
        new = self._add(Layer(op, parts, tuple(part.shape for part in parts), None, node.place, {}))
        self._hold(node.outputs[0], dict(enumerate(new.outputs)))

    def _own(self, node: Layer, device: int) -> Layer:
        """A device's own layer of a split."""
        inputs = [self._on(device, value, node.place) for value in node.inputs]
        op, before = own_op(node, device)
        if before is not None:
            whole = inputs[0].shape
            assert whole is not None
            part = Layer(before, (inputs[0],), before.shape(whole), None, node.place, {})
            inputs[0] = self._add(part, device).outputs[0]
        new = own_layer(node, op, inputs, device)
        if new.name is not None:
            new.name = (self.spreading.containers[device], *new.name)
        if node.runs is not None:
            new.runs = self.spreading.named(node.runs, self._steps[node.runs])[device]
        return self._add(new, device)

    @cached_property
    def _steps(self) -> dict[Path, Node]:
        return {path: node for path, node, _ in self.old.walk() if node.name and node.runs is None}

    def _ties(self, tie: Tie) -> Iterator[Tie]:
        """A tie, of what each device has: of groups of different sizes, a group."""
        (step, tensor), (owner, source) = tie.modules
        steps = self.spreading.named(tie.step, self._steps[tie.step])
        owners = self.spreading.named(tie.owner, self._steps[tie.owner])
        group, owner_group = step[len(tie.step) :], owner[len(tie.owner) :]
        for i in map(int, group) if group else range(len(steps)):
            at = int(owner_group[0]) if owner_group else i if len(owners) > 1 else 0
            yield Tie(steps[i], tensor, owners[at], source, tie.span)


def _apart(node: Node) -> bool:
    """Whether each device has a layer of its own in the place of a step: in splits, unless it draws numbers that the
    devices can't know of one another; then the first device alone has it."""
    if not isinstance(node, Layer) or node.place.split is None:
        return False
    shapes = [value.shape for value in node.inputs]
    return any(x.shares for x in shapes if x) or not node.op.draws or node.op.noise(*shapes) is not None


def _device_of(node: Node) -> int | None:
    """That of a step of one device, or of the steps in labelled braces that are on one."""
    if isinstance(node, Scope) and node.graph.kind == ON:
        return next((each.place.device.number for each in node.graph.nodes if each.place.device is not None), None)
    return node.place.device.number if node.place.device is not None else None


def _only_computes(node: Node) -> bool:
    """Whether nothing but its result says that a step was there: no tensor, no draw of random numbers."""
    return isinstance(node, Layer) and not (node.name or node.runs or node.op.draws or isinstance(node.op, Dropped))


def _label(node: Input, device: int, inside: bool) -> str:
    return f"{node.label or 'x'}{device}" if inside else node.label
