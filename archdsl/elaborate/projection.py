"""The shortcut that would make a residual fit."""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.ir.dim import Dim
from archdsl.ir.explain import formula, is_formula
from archdsl.ir.graph import Layer, Node, Scope
from archdsl.ir.shape import Shape
from archdsl.ir.why import CallWhy, Traced, Why
from archdsl.source import Span

LARGEST_STRIDE = 16
"""What is tried: no network shrinks its maps by more in one unit."""


def projection(body: Shape, shortcut: Shape, nodes: Iterable[Node], braces: Span) -> str | None:
    """`shortcut { downsample: { conv(width * 4, 1x1, ...) -> bn } }`, None where no 1x1 convolution helps.

    Numbers that rest on parameters of the block are written with them, so that it fits for every call. The stride's is
    read off those of the `nodes` that stand in the residual's `braces`.
    """
    channels = body.dims[1] if body.rank > 2 else None
    if channels is None or channels.constant is None or body.rank != shortcut.rank or body.channel_axis != 1:
        return None
    stride = _stride(shortcut.spatial, body.spatial)
    if stride is None:
        return None
    option = "" if stride == 1 else f", stride={_strides(nodes, braces).get(stride, stride)}"
    return f"shortcut {{ downsample: {{ conv({_width(channels)}, 1x1{option}, bias=false) -> bn }} }}"


def _stride(before: tuple[Dim, ...], after: tuple[Dim, ...]) -> int | None:
    """The stride s of a 1x1 convolution, which makes ceil(size / s) of each size."""
    for stride in range(1, LARGEST_STRIDE + 1):
        if all(size.floored(add=stride - 1, by=stride) == made for size, made in zip(before, after)):
            return stride
    return None


def _strides(nodes: Iterable[Node], braces: Span) -> dict[object, str]:
    """Strides that steps in the braces take from parameters: the number -> the parameter."""
    found: dict[object, str] = {}
    for node in nodes:
        span = node.place.span
        inside = span.source is braces.source and braces.start <= span.start and span.end <= braces.end
        given = node.args.get("stride") if inside and isinstance(node, (Layer, Scope)) else None
        why = given and _defined(given.why)
        if given is not None and why is not None and why.rule == "param":
            found.setdefault(given.value, why.name)
    return found


def _width(dim: Dim) -> str:
    """The number of channels; over the block's parameters, where it rests on nothing else."""
    why = dim.why and _defined(dim.why)
    return formula(why) if why is not None and why.from_caller and _over_parameters(why) else str(dim)


def _defined(why: Why) -> Why:
    """What a name stands for, or the argument that a block inside was called with: neither is seen in the shortcut."""
    while True:
        if why.rule == "name":
            why = why.operands[0]
        elif isinstance(why, CallWhy) and (given := _argument(_defined(why.operands[0]), why.scope)):
            why = given.why
        else:
            return why


def _argument(why: Why, scope: Scope) -> Traced | None:
    return scope.args.get(why.name) if why.rule == "param" else None


def _over_parameters(why: Why) -> bool:
    if is_formula(why):
        return all(map(_over_parameters, why.operands))
    return why.rule in ("param", "literal") or (why.rule == "name" and why.operands[0].rule == "param")
