"""A finished graph on other shapes: the same steps with the same tensors, or the reason why they can't be.

tower on 1x28x28  ->  tower on 1x32x32: every op asked anew for its shape, tensors and PyTorch form compared
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import cast

from archdsl.elaborate.layers import explain_sizes
from archdsl.elaborate.report import Failed
from archdsl.elaborate.scopes import ScopeBuilder, Twin
from archdsl.elaborate.shown import shown_sizes
from archdsl.ir.dim import Dim
from archdsl.ir.graph import Check, Declared, Graph, Input, Layer, Node, Scope, Value
from archdsl.ir.shape import Shape
from archdsl.ir.shares import Shares, layout
from archdsl.ir.why import CallWhy, Why
from archdsl.ops.op import Refused, Undecided, take_undecided
from archdsl.record import Record


class Differs(Exception):
    """A step would be another one. `path` leads to it from where the run begins; `reason` says what would differ."""

    def __init__(self, path: tuple[str, ...], node: Node, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.node = node
        self.reason = reason


def layer_shapes(
    layer: Layer, inputs: Sequence[Value], path: tuple[str, ...], *, anew: bool = False
) -> tuple[tuple[Shape, ...], tuple[Undecided, ...]]:
    """The shapes that a layer makes of other values, and sizes to be compared at run time; raises `Differs`.

    anew: it is written out once more, so its text need not be the same.
    """
    after = tuple([value.shape for value in inputs if value.shape is not None])
    before = tuple([value.shape for value in layer.inputs if value.shape is not None])
    for old, new in zip(before, after):
        if old.shares != new.shares:
            raise Differs(path, layer, f"it would be {layout(new)}, where the first run's value is {layout(old)}")
    try:
        made = layer.op.shape(*after)
    except Refused as refused:
        take_undecided()
        raise Differs(path, layer, refused.error.said(refused.error.title)) from None
    open_checks = take_undecided()
    if not anew and before != after:
        _compare(layer, before, after, path)
    shapes = made if isinstance(made, tuple) else (made,)
    shapes = tuple(shape.shared(_layout(value)) for shape, value in zip(shapes, layer.outputs))
    for shape in shapes:
        if after and shape is after[0]:
            continue  # it is what came in, and was explained there
        explain_sizes(layer.op, shape, after, layer.args, layer.place.span)
    return shapes, open_checks


def _layout(value: Value) -> Shares | None:
    return None if value.shape is None else value.shape.shares


def _compare(layer: Layer, before: Sequence[Shape], after: Sequence[Shape], path: tuple[str, ...]) -> None:
    for old, new in zip(layer.op.state(*before), layer.op.state(*after)):
        if old.shape != new.shape:
            key = ".".join((*path, old.name))
            raise Differs(
                path, layer, f"`{key}` is {shown_sizes(old.shape)}, and would have to be {shown_sizes(new.shape)}"
            )
    if not _same(layer.op.torch(*before), before, layer.op.torch(*after), after):
        raise Differs(path, layer, f"`{layer.op.name}` is written for the sizes of the first run")


def _same(old: object, before: Sequence[Shape], new: object, after: Sequence[Shape]) -> bool:
    """Whether two forms are one text: equal numbers, and free sizes read off the same axes."""
    if isinstance(old, Dim) and isinstance(new, Dim):
        if old.constant is not None or new.constant is not None:
            return old.constant == new.constant
        return _axis(old, before) == _axis(new, after)
    if type(old) is not type(new):
        return False
    if isinstance(old, Record):
        return all(_same(getattr(old, name), before, getattr(new, name), after) for name in old.fields)
    if isinstance(old, (tuple, list)):
        left, right = cast("Sequence[object]", old), cast("Sequence[object]", new)
        return len(left) == len(right) and all(_same(a, before, b, after) for a, b in zip(left, right))
    return old == new


def _axis(dim: Dim, shapes: Sequence[Shape]) -> tuple[int, int] | None:
    """Where a free size is read: the first axis that has it."""
    return next(((i, axis) for i, x in enumerate(shapes) for axis, size in enumerate(x.dims) if size == dim), None)


class Reshaped:
    """Graphs on other shapes, each made once.

    groups: the builders of finished groups, so that what is later read out of one is read out of its copies as well.
    """

    def __init__(self, groups: dict[Graph, ScopeBuilder]) -> None:
        self._groups = groups
        self._made: dict[Hashable, tuple[Graph, dict[Value, Value]]] = {}

    def graph(self, graph: Graph, inputs: Sequence[Value], path: tuple[str, ...]) -> tuple[Graph, dict[Value, Value]]:
        """The graph on values of other shapes, and for each value in it that in the new one; raises `Differs`."""
        key = (graph, *(value.shape for value in inputs))
        if key not in self._made:
            self._made[key] = self._make(graph, inputs, path)
        return self._made[key]

    def _make(self, graph: Graph, inputs: Sequence[Value], path: tuple[str, ...]) -> tuple[Graph, dict[Value, Value]]:
        made = Graph(graph.kind, graph.title, graph.span)
        made.params, made.ties = graph.params, graph.ties
        values: dict[Value, Value] = {}
        for index, (old, new) in enumerate(zip(graph.inputs, inputs)):
            assert isinstance(old.node, Input)
            entry = Input(old.node.label, _entering(graph, index, new.shape), old.node.place)
            made.inputs.append(entry.outputs[0])
            values[old] = entry.outputs[0]
        nodes: dict[Node, Node] = {}
        for node in graph.nodes:
            operands = tuple(values[value] for value in node.inputs)
            again = nodes[node] = self._node(node, operands, (*path, *(node.runs or node.name or ())), made)
            made.nodes.append(again)
            values.update(zip(node.outputs, again.outputs))
        made.outputs = [values[value] for value in graph.outputs]
        made.order = None if graph.order is None else [nodes[node] for node in graph.order]
        return made, values

    def _node(self, node: Node, operands: tuple[Value, ...], path: tuple[str, ...], within: Graph) -> Node:
        if isinstance(node, Declared):
            return Declared(node.kind, node.outputs[0].shape, node.name or (), node.place, node.start)
        if isinstance(node, Scope):
            return self._scope(node, operands, path)
        if not isinstance(node, Layer):
            raise Failed  # a step in it failed, which was reported
        shapes, open_checks = layer_shapes(node, operands, path)
        layer = Layer(node.op, operands, shapes, node.name, node.place, node.args, node.merges)
        layer.runs, layer.starts, layer.tied, layer.frozen = node.runs, node.starts, node.tied, node.frozen
        within.checks += (Check(layer, one.axis, operands[one.left], operands[one.right]) for one in open_checks)
        return layer

    def _scope(self, node: Scope, operands: tuple[Value, ...], path: tuple[str, ...]) -> Scope:
        body, values = self.graph(node.graph, operands, path)
        scope = Scope(body, operands, (), node.name, node.place, node.args)
        scope.outputs = tuple(Value(scope, i, seen_outside(value, scope)) for i, value in enumerate(body.outputs))
        scope.runs, scope.frozen = node.runs, node.frozen
        if node.graph in self._groups:
            self._groups[node.graph].twins.append(Twin(scope, values))
        return scope


def _entering(graph: Graph, index: int, shape: Shape | None) -> Shape | None:
    """A value as the graph sees it: a block's inputs are where its derivations end."""
    if shape is None or graph.kind != "block":
        return shape
    dims = [
        dim.with_why(Why("input", graph.span, dim if dim.constant is None else dim.constant, (), f"{index}.{axis}"))
        for axis, dim in enumerate(shape.dims)
    ]
    return Shape(dims, shape.dtype, shape.channel_axis, shape.shares)


def seen_outside(inner: Value, scope: Scope) -> Shape | None:
    """A result as the graph around its scope sees it: from a block call it comes with the call."""
    shape = inner.shape
    if shape is None or scope.graph.kind != "block":
        return shape
    span = scope.place.span
    dims: list[Dim] = []
    for dim in shape.dims:
        value = dim if dim.constant is None else dim.constant
        dims.append(dim.with_why(CallWhy(span, value, dim.why, scope) if dim.why else None))
    return Shape(dims, shape.dtype, shape.channel_axis, shape.shares)
