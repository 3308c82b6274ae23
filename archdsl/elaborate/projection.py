"""The shortcut that would make a residual fit."""

from __future__ import annotations

from archdsl.ir.shape import Shape


def projection(body: Shape, shortcut: Shape) -> str | None:
    """`shortcut { downsample: { conv(256, 1x1, ...) -> bn } }`, None where no 1x1 convolution helps."""
    channels = body.dims[1].constant if body.rank > 2 else None
    if channels is None or body.rank != shortcut.rank or body.channel_axis != 1:
        return None
    strides = {_ratio(a.constant, b.constant) for a, b in zip(shortcut.spatial, body.spatial) if a != b}
    if len(strides) > 1 or None in strides:
        return None
    stride = f", stride={strides.pop()}" if strides else ""
    return f"shortcut {{ downsample: {{ conv({channels}, 1x1{stride}, bias=false) -> bn }} }}"


def _ratio(before: int | None, after: int | None) -> int | None:
    """The stride s with ceil(before / s) == after."""
    if before is None or after is None or not 0 < after < before:
        return None
    stride = -(-before // after)
    return stride if -(-before // stride) == after else None
