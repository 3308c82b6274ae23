"""What a network costs, summed over what its ops declare, at nominal sizes and N = 1.

What runs in training only counts with its parameters, not with MACs or activations: those are of a pass as in use.

Bodies are shared between calls, so each graph is summed once: the effort follows the text of the network, not its size.
MACs are multiply-accumulates of convolutions and matrix products; FLOPs are twice that, and a word of their own.
"""

from __future__ import annotations

from math import prod

from archdsl.ir.bodies import bodies_first
from archdsl.ir.graph import Declared, Graph, Layer, Node, Program, Scope
from archdsl.ir.shape import ITEM_SIZES, Shape
from archdsl.record import Record


class Cost(Record):
    """Of one step or of a whole graph."""

    steps: int = 0
    """Ops applied, repeated bodies counted each time."""
    params: int = 0
    """Elements of the parameters."""
    buffers: int = 0
    """Elements of the buffers: running statistics and the like."""
    state_bytes: int = 0
    """Size of parameters and buffers."""
    macs: int = 0
    activation_bytes: int = 0
    """Size of all results that take memory of their own: a view takes none."""
    frozen: int = 0
    """Elements of the parameters that are not trained."""
    trained_bytes: int = 0
    """Size of the parameters that are trained, and so of their gradients."""

    @property
    def flops(self) -> int:
        return 2 * self.macs


NOTHING = Cost()


class Costs:
    """The costs of one program and of its parts.

    passes: with what a pass takes, MACs and activations; without, those are 0, and half of the work is saved.
    """

    def __init__(self, program: Program, *, passes: bool = True) -> None:
        self.program = program
        self.passes = passes
        self._graphs: dict[Graph, Cost] = {}
        self._layers: dict[Layer, Cost] = {}
        self._sizes: dict[int, tuple[int, ...]] = {}  # by the shape's id: it stands in the program, often many times

    @property
    def total(self) -> Cost:
        """Of the whole network."""
        return self.graph(self.program.graph)

    def graph(self, graph: Graph) -> Cost:
        """Of everything in a graph."""
        if graph not in self._graphs:
            for body in bodies_first(graph):
                self._graphs[body] = self._sum(body)
        return self._graphs[graph]

    def node(self, node: Node) -> Cost:
        """Of one step, with all that is in it. One that runs another again has that one's tensors, so none here."""
        if isinstance(node, Scope):
            cost = self.graph(node.graph)
            return _run(cost) if node.runs is not None else _frozen(cost) if node.frozen else cost
        if isinstance(node, Declared):
            return self._declared(node)
        return self._layer(node) if isinstance(node, Layer) else NOTHING

    def sizes(self, shape: Shape | None) -> tuple[int, ...]:
        """A shape in plain numbers: free sizes are nominal, the batch is 1."""
        if shape is None:
            return ()
        known = self._sizes.get(id(shape))
        if known is None:
            known = self._sizes[id(shape)] = shape.at(self.program.nominal)
        return known

    def bytes(self, shape: Shape | None) -> int:
        """The memory that a value takes."""
        return prod(self.sizes(shape)) * ITEM_SIZES[shape.dtype] if shape else 0

    def _sum(self, graph: Graph) -> Cost:
        costs = [
            _without_pass(self.node(node)) if graph.only_in_training(node) else self.node(node) for node in graph.nodes
        ]
        return Cost(*map(sum, zip(*(vars(cost).values() for cost in costs))))

    def _layer(self, layer: Layer) -> Cost:
        if layer.like is None:
            return self._of_layer(layer)
        known = self._layers.get(layer.like)
        if known is None:
            known = self._layers[layer.like] = self._of_layer(layer)
        return known

    def _of_layer(self, layer: Layer) -> Cost:
        params = buffers = state_bytes = trained_bytes = 0
        for tensor in layer.state if layer.runs is None else ():
            if tensor.name in layer.tied:
                continue
            elements = prod(tensor.shape)
            state_bytes += elements * ITEM_SIZES[tensor.dtype]
            if tensor.trainable:
                params += elements
                trained_bytes += 0 if layer.frozen else elements * ITEM_SIZES[tensor.dtype]
            else:
                buffers += elements
        macs = memory = 0
        if self.passes:
            made = [value.shape for value in layer.outputs]
            inputs = tuple([self.sizes(value.shape) for value in layer.inputs if value.shape])
            macs = layer.op.macs(inputs, self.sizes(made[0]))
            memory = 0 if layer.op.view else sum(map(self.bytes, made))
        return Cost(1, params, buffers, state_bytes, macs, memory, params if layer.frozen else 0, trained_bytes)

    def _declared(self, node: Declared) -> Cost:
        shape = node.outputs[0].shape
        elements = prod(self.sizes(shape)) if shape else 0
        if node.kind == "param":
            return Cost(params=elements, state_bytes=self.bytes(shape), trained_bytes=self.bytes(shape))
        return Cost(buffers=elements, state_bytes=self.bytes(shape))


def costs_of(program: Program, *, passes: bool = True) -> Costs:
    """The costs of a finished program: a check of its promises asks for them, then a summary, or who builds it."""
    known = program.costs
    if known is None or (passes and not known.passes):
        known = program.costs = Costs(program, passes=passes)
    return known


def _without_pass(cost: Cost) -> Cost:
    """Of a side chain of training: its tensors are there, but a pass over an image leaves it out."""
    return Cost(
        cost.steps, cost.params, cost.buffers, cost.state_bytes, frozen=cost.frozen, trained_bytes=cost.trained_bytes
    )


def _frozen(cost: Cost) -> Cost:
    """Of a step none of whose parameters is trained."""
    figures = {name: getattr(cost, name) for name in Cost.fields}
    return Cost(**{**figures, "frozen": cost.params, "trained_bytes": 0})


def _run(cost: Cost) -> Cost:
    """Of a graph run once more: everything but its tensors."""
    return Cost(cost.steps, macs=cost.macs, activation_bytes=cost.activation_bytes)
