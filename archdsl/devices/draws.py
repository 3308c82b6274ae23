"""What a network draws in training, step by step: for devices that draw all of it and use a part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from archdsl.devices.local_ops import NotLocal
from archdsl.ir.graph import Graph, Layer, Node, Program, Scope
from archdsl.ops.noise import Noise


def drawing(nodes: Iterable[Node]) -> Iterator[Layer]:
    """The layers among these steps that draw, in the order in which they run."""
    for node in nodes:
        if isinstance(node, Scope):
            yield from drawing(node.graph.schedule)
        elif isinstance(node, Layer) and node.op.draws:
            yield node


def known(layer: Layer, mend: str) -> Noise:
    """What a layer draws that does. Raises `NotLocal` if that is not known, which a reader mends so."""
    noise = layer.op.noise(*(value.shape for value in layer.inputs))
    if noise is None:
        raise NotLocal(f"what `{layer.op.name}` draws can't be drawn without all of its values; {mend}")
    return noise


def rows(graph: Graph, batch: Set[str]) -> list[Noise]:
    """What a network draws, where each sample's noise stands in rows of its own: so that parts of a batch have their
    rows of it. `batch`: the sizes that count samples. Raises `NotLocal`."""
    found: list[Noise] = []
    for layer in drawing(graph.schedule):
        noise = known(layer, "replicas and stages have some samples at a time")
        if not batch & {*noise.shape[0].symbols} or any(batch & {*size.symbols} for size in noise.shape[1:]):
            raise NotLocal(f"`{layer.op.name}` draws for a value whose first axis is not the batch")
        found.append(noise)
    return found


def batch_sizes(program: Program) -> set[str]:
    """The names of the free sizes that count samples."""
    return {name for value in program.graph.inputs if value.shape for name in value.shape.dims[0].symbols}
