"""Every layer of a network as it runs in training, with what reaches it: does it need a gradient, which layer made it.

Shared bodies are walked once for each call, and so are steps that are run again: each run moves its own values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archdsl.devices.local_ops import Enter, Leave
from archdsl.devices.on import Elsewhere, Entering, Telling
from archdsl.ir.graph import CHECKPOINT, Declared, Graph, Layer, Node, Program, Region, Scope, Value
from archdsl.ops.exchange import Transfer
from archdsl.ops.op import Op


class Flowing:
    """A value on its way through the network. Transfers hand on the value that they are handed.

    gradient: the backward pass makes its gradient: it depends on a parameter that is trained.
    maker:    the path of the divided layer (one with weights, of which devices can have shares) that it comes from;
              "" before the first.
    """

    __slots__ = ("gradient", "maker")

    def __init__(self, gradient: bool, maker: str) -> None:
        self.gradient = gradient
        self.maker = maker


class Run:
    """One run of a layer.

    path:      of its module; that of its scope for a step without one.
    recomputed: how often the backward pass runs it again (`checkpoint` around it).
    segment:   what it is run again with: the run of the outermost such `checkpoint`; None for no such.
    """

    __slots__ = ("inputs", "node", "outputs", "path", "recomputed", "segment")

    def __init__(
        self,
        node: Layer,
        path: str,
        inputs: Sequence[Flowing],
        outputs: Sequence[Flowing],
        recomputed: int,
        segment: object | None,
    ) -> None:
        self.node = node
        self.path = path
        self.inputs = inputs
        self.outputs = outputs
        self.recomputed = recomputed
        self.segment = segment


def runs(program: Program, handed: Sequence[bool] = ()) -> Iterator[Run]:
    """The layers in the order in which they run; `handed`: which inputs have a gradient, as those of a stage do."""
    graph = program.graph
    inputs = [Flowing(gradient, "") for gradient in handed or [False] * len(graph.inputs)]
    return _graph(graph, (), inputs, frozen=False, again=0, segment=None, results=[])


def _graph(
    graph: Graph,
    path: tuple[str, ...],
    inputs: Sequence[Flowing],
    *,
    frozen: bool,
    again: int,
    segment: object | None,
    results: list[Flowing],
) -> Iterator[Run]:
    known: dict[Value, Flowing] = dict(zip(graph.inputs, inputs))
    again += graph.kind == CHECKPOINT
    call = object()
    if segment is None and graph.kind == CHECKPOINT:
        segment = call
    for node in graph.schedule:
        came = [known[value] for value in node.inputs]
        full = path + (node.runs or node.name or ())
        around = _checkpoints(node)
        own_again = again + len(around)
        own_segment = (call, around[-1]) if segment is None and around else segment
        made: list[Flowing] = []
        if isinstance(node, Scope):
            # A step that is run again has that one's weights, frozen or not.
            own_frozen = frozen or node.frozen
            yield from _graph(
                node.graph, full, came, frozen=own_frozen, again=own_again, segment=own_segment, results=made
            )
        elif isinstance(node, Layer):
            made = _results(node, ".".join(full), came, frozen or node.frozen)
            yield Run(node, ".".join(full), came, made, own_again, own_segment)
        elif isinstance(node, Declared):
            made = [Flowing(node.kind == "param" and not frozen, "")]
        known.update(zip(node.outputs, made))
    results += [known[value] for value in graph.outputs]


def _results(node: Layer, path: str, came: Sequence[Flowing], frozen: bool) -> list[Flowing]:
    op = node.op
    if isinstance(op, Transfer | Enter | Leave | Entering | Telling):
        return list(came)
    trains = (not frozen and _has_parameters(op, node)) or (isinstance(op, Elsewhere) and op.trains)
    gradient = trains or any(value.gradient for value in came)
    maker = path if op.divided else next((value.maker for value in came if value.maker), "")
    return [
        Flowing(gradient and value.shape is not None and "float" in value.shape.dtype, maker) for value in node.outputs
    ]


def _has_parameters(op: Op, node: Layer) -> bool:
    shapes = (value.shape for value in node.inputs if value.shape)
    return any(tensor.trainable for tensor in op.state(*shapes))


def _checkpoints(node: Node) -> list[Region]:
    """The unlabelled `checkpoint` braces around a step in its scope, from the inside out."""
    found: list[Region] = []
    region = node.place.region
    while region is not None:
        if region.kind == CHECKPOINT:
            found.append(region)
        region = region.parent
    return found
