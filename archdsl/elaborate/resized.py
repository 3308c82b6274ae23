"""A block's body on other sizes, where nothing in it depends on sizes: the same steps, not unfolded once more.

dense_layer(32) on 64x56x56  ->  dense_layer(32) on 96x56x56: ops are asked anew for the shapes that they make

Behind a step that makes the same of any size (a convolution to 128 maps) all is as it was, and shapes are shared.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from archdsl.elaborate.report import Failed
from archdsl.elaborate.reshaped import Differs, layer_shapes, seen_outside
from archdsl.ir.dim import Dim
from archdsl.ir.graph import Declared, Graph, Input, Layer, Node, Scope, Value
from archdsl.ir.shape import Shape
from archdsl.ir.why import Why


class Resized:
    """Bodies on other sizes, each made once, whichever of them it is made of."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Graph] = {}
        self._first: dict[Graph, Graph] = {}  # of each body the one that was unfolded
        self._latest: dict[Graph, Graph] = {}  # of that one the latest made: as a rule the most like the next

    def body(self, graph: Graph, inputs: Sequence[Value]) -> Graph:
        """A body on values of other sizes; raises `Differs` where a step can't be the same there."""
        first = self._first.setdefault(graph, graph)
        like = self._latest.get(first)
        if like is None:
            like = self._latest[first] = self._made[_key(first, first.inputs)] = first
        key = _key(first, inputs)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._copy(like, [_entering(like, i, x.shape) for i, x in enumerate(inputs)])
            self._first[made] = made.like = first
            self._latest[first] = made
        return made

    def _copy(self, graph: Graph, entering: Sequence[Shape | None]) -> Graph:
        made = Graph(graph.kind, graph.title, graph.span)
        made.params = graph.params
        values: dict[Value, Value] = {}
        for old, shape in zip(graph.inputs, entering):
            assert isinstance(old.node, Input)
            entry = Input(old.node.label, shape, old.node.place)
            made.inputs.append(entry.outputs[0])
            values[old] = entry.outputs[0]
        for node in graph.nodes:
            again = self._node(node, tuple([values[value] for value in node.inputs]))
            made.nodes.append(again)
            values.update(zip(node.outputs, again.outputs))
        made.outputs = [values[value] for value in graph.outputs]
        return made

    def _node(self, node: Node, operands: tuple[Value, ...]) -> Node:
        if isinstance(node, Layer):
            return _layer(node, operands)
        if isinstance(node, Scope):
            return self._scope(node, operands)
        if isinstance(node, Declared):
            return Declared(node.kind, node.outputs[0].shape, node.name or (), node.place, node.start)
        raise Failed  # a step in it failed, which was reported

    def _scope(self, node: Scope, operands: tuple[Value, ...]) -> Scope:
        if node.graph.kind == "block":
            body = self.body(node.graph, operands)
        else:  # it shares the derivations of what is around it, so it is part of this body alone
            body = self._copy(node.graph, [value.shape for value in operands])
        scope = Scope(body, operands, (), node.name, node.place, node.args)
        scope.outputs = tuple([Value(scope, i, seen_outside(value, scope)) for i, value in enumerate(body.outputs)])
        scope.frozen = node.frozen
        return scope


def _key(first: Graph, inputs: Sequence[Value]) -> Hashable:
    return first, *(value.shape for value in inputs)


def _layer(node: Layer, operands: tuple[Value, ...]) -> Layer:
    known = tuple([value.shape for value in node.outputs])
    same = all(map(_on_same_shape, node.inputs, operands))
    shapes = known if same else _shapes(node, operands, known)
    layer = Layer(node.op, operands, shapes, node.name, node.place, node.args, node.merges)
    layer.starts, layer.frozen = node.starts, node.frozen
    if same:
        layer.like = node.like or node
    return layer


def _on_same_shape(old: Value, new: Value) -> bool:
    return old.shape is new.shape


def _shapes(node: Layer, operands: tuple[Value, ...], known: tuple[Shape | None, ...]) -> tuple[Shape, ...]:
    made, open_checks = layer_shapes(node, operands, (), anew=True)
    if len(made) != len(known) or open_checks:
        raise Differs((), node, "it has other results, or sizes to compare, than on the sizes before")
    return tuple([_shared(new, old) for new, old in zip(made, known)])


def _shared(new: Shape, old: Shape | None) -> Shape:
    """The old shape, if the new one has nothing that it has not, derivations included."""
    if old is None or new.dtype != old.dtype or new.channel_axis != old.channel_axis:
        return new
    if len(new.dims) != len(old.dims):
        return new
    return old if all(map(_same, new.dims, old.dims)) else new


def _same(new: Dim, old: Dim) -> bool:
    return new is old or (new.why is old.why and new == old)


def _entering(graph: Graph, index: int, shape: Shape | None) -> Shape | None:
    """A value as a body sees it, where its derivations end."""
    known = graph.inputs[index].shape
    assert shape is not None and known is not None, "only what is known in full is resized"
    dims: list[Dim] = []
    for axis, (dim, old) in enumerate(zip(shape.dims, known.dims)):
        value = dim if dim.constant is None else dim.constant
        dims.append(old if dim == old else dim.with_why(Why("input", graph.span, value, (), f"{index}.{axis}")))
    return Shape(dims, shape.dtype, shape.channel_axis)
