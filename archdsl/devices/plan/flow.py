"""A network as one sequence of steps in the order in which they run: bodies unfolded, and the values between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archdsl.devices.addresses import Addresses, joined
from archdsl.devices.on import Elsewhere
from archdsl.ir.graph import CHECKPOINT, Declared, Graph, Layer, Node, Program, Scope, Value


class Flowing:
    """A value of the unfolded network.

    maker:   the number of the step that makes it; -1: the network is handed it.
    readers: the numbers of the steps that read it, in order.
    base:    the value in whose memory it lies: itself, unless it is a view.
    trained: whether a gradient comes back to it.
    """

    __slots__ = ("base", "maker", "readers", "trained", "value")

    def __init__(self, value: Value, maker: int, base: Flowing | None = None, trained: bool = False) -> None:
        self.value = value
        self.maker = maker
        self.readers: list[int] = []
        self.base = base or self
        self.trained = trained


class Around:
    """A scope that a step stands in, at this place of the unfolded network; `scope` None: the network itself."""

    __slots__ = ("address", "graph", "outer", "scope")

    def __init__(self, graph: Graph, address: str, outer: Around | None, scope: Scope | None = None) -> None:
        self.graph = graph
        self.address = address
        self.outer = outer
        self.scope = scope


class Step:
    """An op applied, or a tensor declared.

    address: its path, and for a step without a name its scope's path and what it is: `layer1.0.add()`.
    again:   what is computed a second time in the backward pass together with it; None: it isn't.
    tensors: the address of the step whose tensors it uses: its own, unless it runs another one again.
    frozen:  none of its parameters is trained.
    learns:  some are: its own, or those of another step that it uses.
    """

    __slots__ = ("address", "again", "around", "frozen", "inputs", "learns", "node", "outputs", "tensors")

    def __init__(self, address: str, node: Layer | Declared, around: Around, frozen: bool, again: object) -> None:
        self.address = address
        self.node = node
        self.around = around
        self.frozen = frozen
        self.learns = not frozen and _learns(node)
        self.again = again
        self.tensors = address
        self.inputs: list[Flowing] = []
        self.outputs: list[Flowing] = []


class Flow:
    """The unfolded network.

    together: addresses of steps that share a tensor, so that they must be on one device.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.steps: list[Step] = []
        self.inputs: list[Flowing] = []
        self.outputs: list[Flowing] = []
        self.together: list[tuple[str, str]] = []
        _unfold(program.graph, self)


class _Frame:
    """A graph being unfolded: `flowing` are its values so far."""

    def __init__(
        self, graph: Graph, around: Around, flowing: dict[Value, Flowing], frozen: bool, again: object, path: str
    ) -> None:
        self.graph = graph
        self.around = around
        self.nodes: Iterator[Node] = iter(graph.schedule)
        self.flowing = flowing
        self.frozen = frozen
        self.again = again
        self.path = path
        """The path of its tensors: another scope's for one that runs it again."""
        self.addresses = Addresses(around.address)

    def recomputed(self, node: Node) -> object:
        """What tells the segment that is computed again; every unfolding of a body has its own."""
        region = node.place.within(CHECKPOINT)
        return self.again or (None if region is None else (id(self), id(region)))


def _unfold(graph: Graph, flow: Flow) -> None:
    flow.inputs = [Flowing(value, -1) for value in graph.inputs]
    root = _Frame(graph, Around(graph, "", None), dict(zip(graph.inputs, flow.inputs)), False, None, "")
    flow.together += _ties(graph, "")
    waiting: list[tuple[_Frame, Scope | None]] = [(root, None)]
    while waiting:
        frame, scope = waiting[-1]
        node = next(frame.nodes, None)
        if node is None:
            waiting.pop()
            made = [frame.flowing[value] for value in frame.graph.outputs]
            if scope is None:
                flow.outputs = made
            else:
                waiting[-1][0].flowing.update(zip(scope.outputs, made))
        elif isinstance(node, Scope):
            waiting.append((_entered(frame, node, flow), node))
        elif isinstance(node, (Layer, Declared)):
            _step(frame, node, flow)


def _entered(frame: _Frame, scope: Scope, flow: Flow) -> _Frame:
    address = frame.addresses.of(scope)
    values = dict(zip(scope.graph.inputs, (frame.flowing[value] for value in scope.inputs)))
    again = frame.recomputed(scope)
    if again is None and scope.graph.kind == CHECKPOINT:
        again = address
    path = joined(frame.path, ".".join(scope.runs or scope.name or ()))
    around = Around(scope.graph, address, frame.around, scope)
    inner = _Frame(scope.graph, around, values, frame.frozen or scope.frozen, again, path)
    flow.together += _ties(scope.graph, path)
    return inner


def _ties(graph: Graph, path: str) -> Iterator[tuple[str, str]]:
    for tie in graph.ties:
        yield joined(path, ".".join(tie.step)), joined(path, ".".join(tie.owner))


def _step(frame: _Frame, node: Layer | Declared, flow: Flow) -> None:
    frozen = frame.frozen or (isinstance(node, Layer) and node.frozen)
    step = Step(frame.addresses.of(node), node, frame.around, frozen, frame.recomputed(node))
    step.tensors = joined(frame.path, ".".join(node.runs or node.name or ())) if node.runs or node.name else ""
    number = len(flow.steps)
    flow.steps.append(step)
    step.inputs = [frame.flowing[value] for value in node.inputs]
    for value in step.inputs:
        value.readers.append(number)
    view = isinstance(node, Layer) and node.op.view
    trained = step.learns or _trains_elsewhere(node) or any(value.trained for value in step.inputs)
    for value in node.outputs:
        floats = value.shape is not None and "float" in value.shape.dtype
        made = Flowing(value, number, step.inputs[0].base if view and step.inputs else None, trained and floats)
        frame.flowing[value] = made
        step.outputs.append(made)


def _learns(node: Layer | Declared) -> bool:
    """Whether it has parameters."""
    if isinstance(node, Declared):
        return node.kind == "param"
    return any(tensor.trainable for tensor in node.state)


def _trains_elsewhere(node: Layer | Declared) -> bool:
    """Whether it stands for steps of another device that have parameters: what they make has a gradient."""
    return isinstance(node, Layer) and isinstance(node.op, Elsewhere) and node.op.trains


def owners(flow: Flow) -> Mapping[str, list[int]]:
    """By the address of tensors, the steps that use them: several where a step is run again or shares a tensor."""
    found: dict[str, list[int]] = {}
    for number, step in enumerate(flow.steps):
        if step.tensors:
            found.setdefault(step.tensors, []).append(number)
    return found
