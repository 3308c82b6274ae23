"""Steps whose results are computed again in the backward pass: `checkpoint { }`, and scopes of that kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from archdsl.emit.align import Step
from archdsl.emit.loops import Loop
from archdsl.ir.graph import CHECKPOINT, Layer, Node, Region, Scope

Item = Step | Loop
Keys = set[tuple[int, int]]
"""The segment that something is part of: in which graph, and which one there."""


def is_recomputed(node: Node) -> bool:
    return _segment(node) is not None


def by_segment(items: Iterable[Item]) -> Iterator[tuple[bool, list[Item]]]:
    """Neighbours in one segment, and neighbours in none; whether they are in one."""
    run: list[Item] = []
    keys: Keys = set()
    for item in items:
        found = _keys(item)
        if run and (not found.isdisjoint(keys) or not (found or keys)):
            keys |= found
        else:
            if run:
                yield bool(keys), run
            run, keys = [], found
        run.append(item)
    if run:
        yield bool(keys), run


def have_buffers(steps: Sequence[Step]) -> bool:
    """Whether a step changes tensors of its own when it runs, in training at least."""
    nodes = [node for step in steps for _, node in step.present]
    inside = [below for node in nodes if isinstance(node, Scope) for _, below, _ in node.graph.walk()]
    layers = (node for node in (*nodes, *inside) if isinstance(node, Layer))
    return any(not tensor.trainable for layer in layers for tensor in layer.state)


def _keys(item: Item) -> Keys:
    """A loop is in a segment if all that it does is in the same; else it may have segments in its turns."""
    if isinstance(item, Step):
        found = ((i, _segment(node)) for i, node in item.present)
        return {(i, id(segment)) for i, segment in found if segment is not None}
    parts = [_keys(step) for step in item.steps]
    graphs = {i for i, _ in parts[0]}
    return parts[0] if all(part == parts[0] for part in parts) and len(graphs) == len(parts[0]) else set()


def _segment(node: Node) -> Region | Node | None:
    """The outermost segment of its graph that a step is in; a scope may be one by itself."""
    region, found = node.place.region, None
    while region is not None:
        found = region if region.kind == CHECKPOINT else found
        region = region.parent
    if found is None and isinstance(node, Scope) and node.graph.kind == CHECKPOINT:
        return node
    return found
