"""Steps of one device: what another one runs instead.

    on(gpus[1]) { conv2 }      device 1: x = told(conv2(entering(x)), 1)      device 0: x = elsewhere(x, [...], 1)

Outside of the braces all devices do the same, each with all of the gradient. So the device that runs the steps tells
the others their results and, backward, the gradients of what entered; theirs of the results are as good as its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from archdsl.devices.draws import drawing, known
from archdsl.devices.local_ops import TRANSFERS, NotLocal
from archdsl.ir.dim import Dim
from archdsl.ir.graph import ON, Declared, Graph, Layer, Node, Region, Scope, Value
from archdsl.ir.shape import Shape
from archdsl.ops.form import Axis, Form, P, Training, X, call
from archdsl.ops.noise import Noise
from archdsl.ops.op import MANY, Op


def _single(shapes: tuple[Shape, ...]) -> Shape | tuple[Shape, ...]:
    first, *further = shapes
    return shapes if further else first


class Told(Op):
    """Several values at once, so that all devices tell and hear them in one order."""

    role: ClassVar[str] = "exchange"
    package: ClassVar[str] = "archdsl"
    operands: ClassVar[int] = MANY
    view: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False
    function: ClassVar[str] = ""

    device: int

    def shape(self, *inputs: Shape) -> Shape | tuple[Shape, ...]:
        return _single(inputs)

    def torch(self, *inputs: Shape) -> Form:
        return Form(function=call(f"{TRANSFERS}:{self.function}", *map(X, range(len(inputs))), device=P("device")))


class Entering(Told):
    """What the steps of this device are handed: backward, it tells the others their gradients."""

    name: ClassVar[str] = "entering"
    function: ClassVar[str] = "entering"


class Telling(Told):
    """What the steps of this device make: it tells the others."""

    name: ClassVar[str] = "telling"
    function: ClassVar[str] = "telling"


class Elsewhere(Told):
    """What the steps of another device make of these values, as that one tells.

    shapes: the results'.
    trains: the steps have parameters that are trained, so that the results have a gradient, whatever they are made of.
    drawn_there: what the steps draw; it is drawn here as well.
    """

    name: ClassVar[str] = "elsewhere"
    function: ClassVar[str] = "elsewhere"

    shapes: tuple[Shape, ...]
    trains: bool = True
    drawn_there: tuple[Noise, ...] = ()

    @property
    def draws(self) -> bool:
        return bool(self.drawn_there)

    def shape(self, *inputs: Shape) -> Shape | tuple[Shape, ...]:
        return _single(self.shapes)

    def torch(self, *inputs: Shape) -> Form:
        drawn = [(each.function, each.p, self._written(each.shape, inputs)) for each in self.drawn_there]
        drawing: dict[str, Any] = {"draws": drawn, "training": Training()} if drawn else {}
        return Form(
            function=call(
                f"{TRANSFERS}:{self.function}",
                *map(X, range(len(inputs))),
                shapes=[self._written(shape.dims, inputs) for shape in self.shapes],
                device=P("device"),
                trains=P("trains"),
                **drawing,
                defaults={"trains": True},
            )
        )

    def _written(self, dims: Sequence[Dim], inputs: Sequence[Shape]) -> list[object]:
        """These sizes; free ones as the input has them."""
        sizes: list[object] = []
        for dim in dims:
            found = [(i, axis) for i, x in enumerate(inputs) for axis, size in enumerate(x.dims) if size == dim]
            if dim.constant is None and not found:
                raise NotLocal(f"the size {dim} of what another device makes is not one of those that it is handed")
            sizes.append(dim.constant if dim.constant is not None else Axis(found[0][1], found[0][0]))
        return sizes


class Placed:
    """The steps of one pair of `on` braces in a graph, what they read from outside, and what is read of them."""

    def __init__(self, graph: Graph, first: Node) -> None:
        self.steps = [node for node in graph.nodes if _braces(node, graph) is _braces(first, graph)]
        own = set(self.steps)
        made = [value for node in self.steps for value in node.outputs]
        read = [value for node in self.steps for value in node.inputs if value.node not in own]
        outside = {value for node in graph.nodes if node not in own for value in node.inputs} | set(graph.outputs)
        self.entering: list[Value] = list(dict.fromkeys(read))
        self.leaving = [value for value in made if value in outside]

    @property
    def trains(self) -> bool:
        """Whether one of its parameters is trained."""
        return any(_trains(node) for node in self.steps)

    @property
    def divided(self) -> tuple[str, ...]:
        """The paths within the graph of its layers with weights."""
        found: list[str] = []
        for node in self.steps:
            inside = node.graph.walk() if isinstance(node, Scope) else [((), node, None)]
            for path, each, _ in inside:
                if isinstance(each, Layer) and each.op.divided:
                    found.append(".".join((*(node.name or ()), *path)))
        return tuple(found)

    @property
    def noise(self) -> tuple[Noise, ...]:
        """What its steps draw. Raises `NotLocal`."""
        return tuple(known(layer, "take it out of the `on`") for layer in drawing(self.steps))


def _trains(node: Node) -> bool:
    if isinstance(node, Scope):
        return not node.frozen and any(_trains(each) for each in node.graph.nodes)
    if isinstance(node, Declared):
        return node.kind == "param"
    if not isinstance(node, Layer) or node.frozen:
        return False
    return any(tensor.trainable for tensor in node.op.state(*(value.shape for value in node.inputs)))


def _braces(node: Node, graph: Graph) -> Region | Graph | None:
    """The braces: a region, or the whole graph of a labelled `on`."""
    if node.place.device is None:
        return None
    return node.place.within(ON) or graph
