"""The graph IR. It keeps the spec's structure: a block call is a node with a graph of its own; flattening is a view.

A body is elaborated once per (block, arguments, input shapes), so several `Scope` nodes may share one `Graph`. Paths
are therefore relative: a node knows its name inside its scope, a walk from the root makes paths of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from archdsl.ir.dim import Domain
from archdsl.ir.keys import Rename
from archdsl.ir.shape import Shape
from archdsl.ir.why import Traced
from archdsl.ops.form import Form
from archdsl.ops.op import Op, State
from archdsl.source import Source, Span

if TYPE_CHECKING:
    from archdsl.cost import Costs
    from archdsl.initial import Init, Start
    from archdsl.ir.shares import Device, Split


class Value:
    """What flows along an edge: output `index` of a node. `shape` is None where an error left it unknown."""

    __slots__ = ("index", "node", "shape")

    def __init__(self, node: Node, index: int, shape: Shape | None) -> None:
        self.node = node
        self.index = index
        self.shape = shape


class Turn:
    """One turn of a `for` or of a `* n`. `count` says how many turns there are and where that number came from."""

    __slots__ = ("count", "index", "loop")

    def __init__(self, loop: Span, index: int, count: Traced) -> None:
        self.loop = loop
        self.index = index
        self.count = count


class Guard:
    """A condition that admitted a step: the `if` (by its condition's span), its answer, and the branch taken."""

    __slots__ = ("condition", "taken")

    def __init__(self, condition: Traced, taken: bool) -> None:
        self.condition = condition
        self.taken = taken


class Region:
    """Steps that belong together without being a scope: a section, a connector's body, its shortcut, a branch. It ends
    at the edge of a scope: the steps in a group have no region of what is around the group."""

    __slots__ = ("kind", "parent", "span", "title")

    def __init__(self, kind: str, span: Span, parent: Region | None, title: str = "") -> None:
        self.kind = kind
        self.span = span
        self.parent = parent
        self.title = title


TRAINING = "training"
"""The kind of the region of a side chain that runs in training only."""

CHECKPOINT = "checkpoint"
"""The kind of a region, or of a labelled connector's graph, whose results are computed again in the backward pass."""


ON = "on"
"""The kind of a region, or of a labelled connector's graph, whose steps run on one device."""


class Place:
    """Where in its block a step is written: the text, the loop turns around it, the conditions that let it in.

    split:  that of its devices, for a step that each of them runs on its own part.
    device: the one that runs it, for a step that the others don't.
    """

    __slots__ = ("device", "guards", "region", "span", "split", "turns")

    def __init__(
        self,
        span: Span,
        turns: tuple[Turn, ...] = (),
        guards: tuple[Guard, ...] = (),
        region: Region | None = None,
        split: Split | None = None,
        device: Device | None = None,
    ) -> None:
        self.span = span
        self.turns = turns
        self.guards = guards
        self.region = region
        self.split = split
        self.device = device

    def within(self, kind: str) -> Region | None:
        """The innermost region of that kind that it stands in."""
        region = self.region
        while region is not None and region.kind != kind:
            region = region.parent
        return region


class Node:
    """One step. `name` is its path inside its scope, None if it makes no module: ("conv1",), ("0",), ("convs", "0")."""

    __slots__ = ("inputs", "name", "outputs", "place")
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    name: tuple[str, ...] | None
    place: Place
    runs: tuple[str, ...] | None = None


class Input(Node):
    """A value that the graph is handed: output 0. It is no step, so it is not among `Graph.nodes`."""

    __slots__ = ("label",)

    def __init__(self, label: str, shape: Shape | None, place: Place) -> None:
        self.label = label
        self.inputs = ()
        self.outputs = (Value(self, 0, shape),)
        self.name = None
        self.place = place


class Declared(Node):
    """A tensor of the scope's own, `param class_token: [1, 1, dim] = zeros`: no input, output 0 is the tensor.

    kind:  "param" (trained), "buffer" (saved, not trained) or "const" (not saved). Its name is its label; it is not
           counted among the steps.
    start: what it holds before training.
    """

    __slots__ = ("kind", "start")

    def __init__(self, kind: str, shape: Shape | None, name: tuple[str, ...], place: Place, start: Start) -> None:
        self.kind = kind
        self.start = start
        self.inputs = ()
        self.outputs = (Value(self, 0, shape),)
        self.name = name
        self.place = place


class Layer(Node):
    """An op applied. `args` holds where each parameter that was given came from; absent: the op's default.

    merges: the connector whose lines meet here ("residual", "inception"), "" elsewhere.
    runs:   for `@label(x)`: the path, from this graph, of the step that is run again, with its weights. Such a step has
            no name and no tensors of its own.
    starts: initialisers that the step itself states, by its parameters' names; they win over the network's rules.
    tied:   those of its tensors that are another step's: see `Graph.ties`.
    frozen: its parameters are not trained.
    like:   a layer that is the same op on the very same shapes, if one is known: what it is made of is this one's too.
    """

    __slots__ = ("_form", "_state", "args", "frozen", "like", "merges", "op", "runs", "starts", "tied")

    def __init__(
        self,
        op: Op,
        inputs: tuple[Value, ...],
        shape: Shape | tuple[Shape | None, ...] | None,
        name: tuple[str, ...] | None,
        place: Place,
        args: Mapping[str, Traced],
        merges: str = "",
    ) -> None:
        self.op = op
        self.inputs = inputs
        shapes = shape if isinstance(shape, tuple) else (shape,)
        self.outputs = tuple([Value(self, i, each) for i, each in enumerate(shapes)])
        self.name = name
        self.place = place
        self.args = args
        self.merges = merges
        self.runs: tuple[str, ...] | None = None
        self.starts: Mapping[str, Init] = {}
        self.tied: frozenset[str] = frozenset()
        self.frozen = False
        self.like: Layer | None = None
        self._state: tuple[State, ...] | None = None
        self._form: Form | None = None

    @property
    def state(self) -> tuple[State, ...]:
        """The parameters and buffers of its op, in PyTorch's order. Asked when all that it is applied to is known."""
        if self._state is None:
            like = self.like
            self._state = like.state if like else self.op.state(*[value.shape for value in self.inputs])
        return self._state

    @property
    def form(self) -> Form:
        """How PyTorch writes it. Asked when all that it is applied to is known."""
        if self._form is None:
            like = self.like
            self._form = like.form if like else self.op.torch(*[value.shape for value in self.inputs])
        return self._form


class Unknown(Node):
    """A step that failed, or stands behind one: drawn as such, skipped by everything else."""

    __slots__ = ()

    def __init__(self, inputs: tuple[Value, ...], name: tuple[str, ...] | None, place: Place) -> None:
        self.inputs = inputs
        self.outputs = (Value(self, 0, None),)
        self.name = name
        self.place = place


class Scope(Node):
    """A step with a graph of its own: a block call, labelled or plain braces, a labelled connector.

    `inputs` match `graph.inputs`, `outputs` match `graph.outputs`. `args` are a call's arguments as the caller gave
    them (`graph.params` are the same values as the block sees them). `runs` and `frozen` are as in `Layer`.
    """

    __slots__ = ("args", "frozen", "graph", "runs")

    def __init__(
        self,
        graph: Graph,
        inputs: tuple[Value, ...],
        shapes: tuple[Shape | None, ...],
        name: tuple[str, ...] | None,
        place: Place,
        args: Mapping[str, Traced],
    ) -> None:
        self.graph = graph
        self.inputs = inputs
        self.outputs = tuple([Value(self, i, shape) for i, shape in enumerate(shapes)])
        self.name = name
        self.place = place
        self.args = args
        self.runs: tuple[str, ...] | None = None
        self.frozen = False


class Check:
    """Two sizes that could not be decided within the budget: compared when the module runs, before `node`."""

    __slots__ = ("axis", "left", "node", "right")

    def __init__(self, node: Node, axis: int, left: Value, right: Value) -> None:
        self.node = node
        self.axis = axis
        self.left = left
        self.right = right


class Tie:
    """One tensor under two names, `linear(vocab, weight=@wte.weight)`: `step` has no such tensor of its own.

    step, tensor:   the path, from the graph that holds the tie, of the step that is given the tensor, and which of its.
    owner, source:  the path of the step that owns it (a layer or a `param`), and the tensor's name there ("" for a
                    `param`).
    """

    __slots__ = ("owner", "source", "span", "step", "tensor")

    def __init__(self, step: tuple[str, ...], tensor: str, owner: tuple[str, ...], source: str, span: Span) -> None:
        self.step = step
        self.tensor = tensor
        self.owner = owner
        self.source = source
        self.span = span

    @property
    def modules(self) -> tuple[tuple[tuple[str, ...], str], tuple[tuple[str, ...], str]]:
        """The module that is given the tensor, and the one that owns it; each with the tensor's name there. A group of
        different sizes ("0.weight") is a module of its own."""
        *group, tensor = self.tensor.split(".")
        *owner_group, source = self.source.split(".")
        return ((*self.step, *group), tensor), ((*self.owner, *owner_group), source)


class Output:
    """One of a network's results.

    label:    as stated; "" for the last value of a network that states none, "output" if it has training's beside it.
    training: it is computed and returned in training only.
    weight:   of its loss, where stated.
    """

    __slots__ = ("label", "span", "training", "weight")

    def __init__(self, label: str, span: Span, training: bool = False, weight: float | None = None) -> None:
        self.label = label
        self.span = span
        self.training = training
        self.weight = weight


class Graph:
    """The body of a network, of a block (for one set of arguments and shapes), or of a group.

    kind:    "network", "block", "group" (braces), or a connector's word.
    title:   the network's, variant's or block's name; a group's label ("" without).
    span:    what it was written as: the block's or network's name, the group's braces.
    params:  the parameters of a network or block, as bound.
    nodes:   the steps in textual order, which is the order of names, of registration and of the random stream.
    order:   the steps in the order in which they run, where that is another one (side chains run behind the step that
             they start from); None: textual.
    returns: for a network, what is known of each of its `outputs`: the main ones first, at least one, then those of
             training.
    ties:    tensors that steps in it, or below, share.
    like:    a block's body with the same steps at the same places, on other sizes; None where none is known.
    """

    __slots__ = (
        "checks",
        "inputs",
        "kind",
        "like",
        "nodes",
        "order",
        "outputs",
        "params",
        "returns",
        "span",
        "ties",
        "title",
    )

    def __init__(self, kind: str, title: str, span: Span) -> None:
        self.kind = kind
        self.title = title
        self.span = span
        self.params: dict[str, Traced] = {}
        self.inputs: list[Value] = []
        self.nodes: list[Node] = []
        self.outputs: list[Value] = []
        self.checks: list[Check] = []
        self.order: list[Node] | None = None
        self.returns: list[Output] = []
        self.ties: list[Tie] = []
        self.like: Graph | None = None

    def only_in_training(self, node: Node) -> bool:
        """Whether one of its steps runs in training only: it belongs to such an output of the network."""
        return self.kind == "network" and node.place.within(TRAINING) is not None

    @property
    def main(self) -> list[Value]:
        """A network's outputs without those of training."""
        return [value for value, output in zip(self.outputs, self.returns) if not output.training]

    @property
    def schedule(self) -> list[Node]:
        """The steps in the order in which they run."""
        return self.nodes if self.order is None else self.order

    def walk(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node, Graph]]:
        """Every step below, depth first in textual order, with its full path and the graph it stands in.

        Steps without a name get their scope's path. One that runs another again gets that one's, and what is in it is
        not walked: those are the other's steps.
        """
        stack: list[tuple[tuple[str, ...], Iterator[Node], Graph]] = [(path, iter(self.nodes), self)]
        while stack:
            prefix, nodes, graph = stack[-1]
            node = next(nodes, None)
            if node is None:
                stack.pop()
                continue
            full = prefix + (node.runs or node.name or ())
            yield full, node, graph
            if isinstance(node, Scope) and node.runs is None:
                stack.append((full, iter(node.graph.nodes), node.graph))


class Rule:
    """A line of `init { }`, or one of the several things that a line says: how tensors start that `target` names.

    target:  an op with one of its parameters ("conv.weight"), or a pattern for the paths of parameters, in which `*`
             stands for anything, dots too.
    pattern: which of the two it is.
    """

    __slots__ = ("pattern", "span", "start", "target")

    def __init__(self, target: str, pattern: bool, start: Init, span: Span) -> None:
        self.target = target
        self.pattern = pattern
        self.start = start
        self.span = span


class Promise:
    """An `expect` clause: `quantity` is "params", "macs", "output" or "receptive_field"; see `archdsl.promises`.

    output: the name of the output that it is about; "": the main one.
    """

    __slots__ = ("compare", "output", "quantity", "span", "value")

    def __init__(self, quantity: str, compare: str, value: object, span: Span, output: str = "") -> None:
        self.quantity = quantity
        self.compare = compare
        self.value = value
        self.span = span
        self.output = output


class Program:
    """A checked network: what every later stage reads.

    title:    the name asked for: variant or network.
    nominal:  the free sizes as reports take them, the batch included.
    promises: its `expect` clauses; empty where parameters were set from outside.
    init:     its `init` rules: a tensor is drawn by the last that names it.
    renames:  its `rename` rules, which apply one behind the other to the keys of a weight file.
    costs:    once somebody asked for them: see `costs_of`.
    """

    __slots__ = ("costs", "domain", "graph", "init", "nominal", "promises", "renames", "source", "title")

    def __init__(
        self,
        title: str,
        graph: Graph,
        nominal: Mapping[str, int],
        promises: tuple[Promise, ...],
        domain: Domain,
        source: Source,
    ) -> None:
        self.title = title
        self.graph = graph
        self.nominal = nominal
        self.promises = promises
        self.domain = domain
        self.source = source
        self.init: tuple[Rule, ...] = ()
        self.renames: tuple[Rename, ...] = ()
        self.costs: Costs | None = None
