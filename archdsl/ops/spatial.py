"""Sizes along spatial axes: what windows that slide over them make of one. Each result is built in one go."""

from __future__ import annotations

from archdsl.ir.dim import Dim
from archdsl.ops.op import Refused, Size


def sizes(value: int | Size, rank: int, *, op: str, param: str) -> tuple[int, ...]:
    """A number for each of `rank` spatial axes: `3` is 3x3 in two. Raises `Refused`, blaming the op's parameter."""
    if isinstance(value, int):
        return (value,) * rank
    if len(value) != rank:
        from archdsl.errors.ops import WrongDirections

        axes = f"{rank} spatial {'axis' if rank == 1 else 'axes'}"
        raise Refused(WrongDirections(op, param, "x".join(map(str, value)), len(value), axes), param=param)
    return value


def conv_size(n: Dim, kernel: int, stride: int = 1, pad: int = 0, dilation: int = 1) -> Dim:
    """floor((n + 2 pad - dilation (kernel - 1) - 1) / stride) + 1"""
    return n.floored(add=2 * pad - dilation * (kernel - 1) - 1, by=stride, plus=1)


def ceil_conv_size(n: Dim, kernel: int, stride: int = 1, pad: int = 0, dilation: int = 1) -> Dim:
    """ceil((n + 2 pad - dilation (kernel - 1) - 1) / stride) + 1"""
    return n.floored(add=2 * pad - dilation * (kernel - 1) - 1 + stride - 1, by=stride, plus=1)


def pool_size(n: Dim, kernel: int, stride: int, pad: int = 0, dilation: int = 1, ceil: bool = False) -> Dim:
    """Like `conv_size`; with `ceil` the last window may reach over the edge, but must start on the map or before it.

    PyTorch drops a last window that starts in the padding behind the map. That rule is no case but a constant, as
    long as pad <= dilation (kernel - 1) + 1 (PyTorch wants it to be at most half the kernel).
    """
    if not ceil:
        return conv_size(n, kernel, stride, pad, dilation)
    reach = dilation * (kernel - 1)
    return n.floored(add=min(2 * pad - reach + stride - 2, pad - 1), by=stride, plus=1)


def conv_transpose_size(
    n: Dim, kernel: int, stride: int = 1, pad: int = 0, dilation: int = 1, output_pad: int = 0
) -> Dim:
    """(n - 1) stride + dilation (kernel - 1) + output_pad + 1 - 2 pad"""
    return n.floored(times=stride, add=dilation * (kernel - 1) + output_pad + 1 - 2 * pad - stride)
