"""The padding without which steps shrink maps that were to keep their size."""

from __future__ import annotations

from archdsl.diagnostic import Edit, Help
from archdsl.elaborate.values import Tensor
from archdsl.ir.graph import Layer
from archdsl.source import Span


def padding(result: Tensor, entering: Tensor) -> tuple[Help, ...]:
    """The `pad=` that each unpadded step lacks, if with all of them the maps keep their size; else nothing."""
    before, after = entering.value.shape, result.value.shape
    assert before is not None and after is not None
    if before.rank != after.rank or before.rank < 3:
        return ()
    steps = _unpadded(result, entering)
    for axis, (larger, smaller) in enumerate(zip(before.spatial, after.spatial)):
        if (larger - smaller).constant != sum(2 * pads[axis] for _, pads in steps):
            return ()
    return tuple(Help(f"keep the size of the maps: pad={_shown(pads)}", _edit(layer, pads)) for layer, pads in steps)


def _unpadded(result: Tensor, entering: Tensor) -> list[tuple[Layer, tuple[int, ...]]]:
    """Steps with a kernel and no padding, from the last back, and the padding that would make up for the kernel."""
    found: list[tuple[Layer, tuple[int, ...]]] = []
    value = result.value
    while value is not entering.value and value.node.inputs:
        node = value.node
        value = node.inputs[0]
        if isinstance(node, Layer) and getattr(node.op, "pad", None) == 0 and value.shape is not None:
            pads = _same_size(node, len(value.shape.spatial))
            if any(pads):
                found.append((node, pads))
    return found[::-1]


def _same_size(layer: Layer, axes: int) -> tuple[int, ...]:
    """(kernel - 1) * dilation / 2 along each axis."""
    kernel, dilation = (_each(getattr(layer.op, name, 1), axes) for name in ("kernel", "dilation"))
    return tuple((k - 1) * d // 2 for k, d in zip(kernel, dilation))


def _each(size: int | tuple[int, ...] | None, axes: int) -> tuple[int, ...]:
    return size if isinstance(size, tuple) else (size or 1,) * axes


def _shown(pads: tuple[int, ...]) -> str:
    return str(pads[0]) if len(set(pads)) == 1 else "x".join(map(str, pads))


def _edit(layer: Layer, pads: tuple[int, ...]) -> Edit | None:
    span = layer.place.span
    if not span.text.endswith(")"):
        return None
    return Edit(Span(span.source, span.end - 1, span.end - 1), f", pad={_shown(pads)}")
