"""`.channels`, `.height`, `.width`, `.features`, `.shape`, `.rank` of a value of the network."""

from __future__ import annotations

from archdsl.elaborate.context import At
from archdsl.elaborate.flow import seen_elsewhere
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import Items, Tensor, show, type_name
from archdsl.ir.dim import Dim
from archdsl.ir.graph import Layer
from archdsl.ir.shape import Shape
from archdsl.ir.why import Traced, Why
from archdsl.ops.uneven import own_name
from archdsl.syntax import ast

ATTRIBUTES = ("channels", "height", "width", "features", "shape", "rank")


def attribute(base: Traced, node: ast.Attr, at: At) -> Traced:
    """An attribute of a value; raises `Failed` once the reason is reported."""
    name = node.name.text
    tensor = base.value
    at.session.bound_to_sizes += 1
    if isinstance(tensor, Tensor) and name not in ATTRIBUTES and _is_tensor(tensor, name):
        from archdsl.errors.names import TensorMisplaced

        raise at.reporter.fail(TensorMisplaced(node.span.text), node.span)
    if not isinstance(tensor, Tensor) or name not in ATTRIBUTES:
        from archdsl.elaborate.lookup import did_you_mean
        from archdsl.errors.values import NoAttribute

        found = type_name(tensor) if not isinstance(tensor, Tensor) else "a value of the network"
        known = ATTRIBUTES if isinstance(tensor, Tensor) else ()
        helps = did_you_mean(name, known, node.name.span)
        raise at.reporter.fail(NoAttribute(found, name), node.name.span, helps=helps)
    shape = tensor.value.shape
    if shape is None:
        raise Failed
    if name == "rank":
        return Traced(shape.rank, Why("literal", node.span, shape.rank))
    if name == "shape":
        sizes = Items.of(_size(dim, node) for dim in shape.dims)
        traced = Traced(sizes, Why("literal", node.span, sizes))
        return traced if tensor.scope.root is at.scope.root else seen_elsewhere(traced)
    size = _size(shape.dims[_axis(name, shape, node, at)], node)
    return size if tensor.scope.root is at.scope.root else seen_elsewhere(size)


def _is_tensor(value: Tensor, name: str) -> bool:
    """Whether the step has a tensor of that name."""
    node = value.value.node
    if not isinstance(node, Layer):
        return name in ("weight", "bias")
    return any(own_name(node.op, state.name) == name for state in node.state)


def _axis(name: str, shape: Shape, node: ast.Attr, at: At) -> int:
    from archdsl.errors.shapes import NoSuchAxis

    if name == "channels":
        if shape.channel_axis != 1:
            why = "the channels are no axis of their own here" if shape.channel_axis is None else (
                f"the channels stand in axis {shape.channel_axis} here, not in axis 1"
            )  # fmt: skip
            raise at.reporter.fail(NoSuchAxis(name, repr(shape), why), node.name.span)
        return 1
    if name == "features":
        return shape.rank - 1
    needed = 4 if name == "height" else 3
    if shape.rank < needed:
        raise at.reporter.fail(NoSuchAxis(name, repr(shape), f"it has only {shape.rank} axes"), node.name.span)
    return shape.rank - (2 if name == "height" else 1)


def _size(dim: Dim, node: ast.Attr) -> Traced:
    """A plain number where the size is fixed, the symbolic size where it is free."""
    value = dim if dim.constant is None else dim.constant
    return Traced(value, dim.why or Why("step", node.span, value, (), show(value)))
