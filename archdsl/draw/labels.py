"""What is written in boxes. Ops say it themselves (`Op.drawn`); here is what blocks, groups and values say."""

from __future__ import annotations

from archdsl.draw.parts import Sizes
from archdsl.ir.graph import Graph, Layer, Node, Scope
from archdsl.ir.shape import Shape

MINOR = frozenset(["norm", "activation", "regularise", "identity", "reshape"])
"""Roles of ops that papers leave out of their figures: they act on what a layer made, or on what it is given."""

LONGEST = 40
"""Characters of a label; what is longer is cut."""


def layer(node: Layer) -> str:
    """An op with what matters of its arguments: "3x3 conv, 64, /2"."""
    shapes = [value.shape for value in node.inputs]
    if None in shapes:
        return cut(node.op.name)
    return cut(node.op.drawn(*shapes))


def layer_kind(node: Layer) -> str:
    """Its look: the op's role, or the sign of a sum."""
    if node.op.glyph != "box":
        return node.op.glyph
    return node.op.role


def closed(node: Scope, given: Sizes | None, made: Sizes | None, repeated: bool = False) -> str:
    """A scope as one box: its name, or its block's where that is a number; and by how much it makes maps smaller."""
    if dense := dense_block(node.graph):
        return dense
    name = node.name[-1] if node.name and not node.name[-1].isdigit() else ""
    words = [what(node) if repeated and node.graph.kind == "block" else name or what(node)]
    if factor := shrinks(given, made):
        words.append(f"/{factor}")
    return cut(", ".join(words))


def dense_block(graph: Graph) -> str:
    """`dense block, 6 layers, k = 32`, for a body that a `dense` wires; k where every layer adds as many maps."""
    joints = [each for each in graph.nodes if isinstance(each, Layer) and each.merges == "dense"]
    if not joints:
        return ""
    added = {_channels(joint.inputs[-1].shape) for joint in joints}
    growth = added.pop() if len(added) == 1 else 0
    return f"dense block, {len(joints)} layers" + (f", k = {growth}" if growth else "")


def _channels(shape: Shape | None) -> int:
    if shape is None or shape.channel_axis is None:
        return 0
    return shape.dims[shape.channel_axis].constant or 0


def what(node: Scope) -> str:
    """The block that is called, or the connector; a plain group is one."""
    return node.graph.title if node.graph.kind == "block" else node.graph.kind


def scope_kind(node: Scope) -> str:
    return "block" if node.graph.kind == "block" else "stage"


def title(node: Scope, repeated: bool = False) -> str:
    """Of the frame around an opened scope: its name, or its block's where it has none or stands for several."""
    if repeated and node.graph.kind == "block":
        return cut(node.graph.title)
    name = node.name[-1] if node.name and not node.name[-1].isdigit() else ""
    block = node.graph.title if node.graph.kind == "block" else ""
    return cut(name or block or (node.graph.kind if node.graph.kind != "group" else ""))


def both(outer: str, inner: str) -> str:
    """The titles of two frames of which one is left."""
    return cut("  ".join(dict.fromkeys(text for text in (outer, inner) if text)))


def given(name: str, sizes: Sizes | None) -> str:
    """A value that has no step: an input, or a tensor of the network's own."""
    return cut(f"{name}  {sizes}" if sizes else name)


def unknown(node: Node) -> str:
    """A step that failed: as it is written."""
    return cut(" ".join(node.place.span.text.split()))


def shrinks(given: Sizes | None, made: Sizes | None) -> int:
    """By how much a step makes maps smaller, to the nearest whole number; 0 where it doesn't, or unevenly."""
    if given is None or made is None or not made.maps or len(given.maps) != len(made.maps):
        return 0
    factors = {round(before / after) for before, after in zip(given.maps, made.maps)}
    factor = factors.pop()
    return factor if not factors and 1 < factor < min(given.maps) else 0


def cut(text: str, longest: int = LONGEST) -> str:
    """No longer than there is room for."""
    return text if len(text) <= longest else text[: longest - 3] + "..."
