"""What makes several values of one: the step's result is their list."""

from __future__ import annotations

from typing import ClassVar

from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, P, X, call
from archdsl.ops.op import Op, op
from archdsl.ops.pick import behind_removed
from archdsl.ops.rules import axis_of, fixed, need_divisible, refuse_range

MOST = 1000
"""Pieces that one step may make."""


@op("chunk", role="reshape")
class Chunk(Op):
    """Cut an axis into equal pieces, and give their list: that of the channels, if none is named.

    [N, C, H, W] -> `pieces` values of [N, C / pieces, H, W]

    Example:
        input tokens: [N, 128, 2304]
        chunk(3, axis=-1)
        sdpa(@, causal=true)
        expect output == [N, 128, 768]
    """

    view: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False

    pieces: int
    axis: int = 1

    def shape(self, x: Shape) -> tuple[Shape, ...]:
        if not 2 <= self.pieces <= MOST:
            refuse_range(self, "pieces", f"between 2 and {MOST}")
        axis = axis_of(self, x, self.axis)
        need_divisible(self, x, axis, self.pieces, param="pieces")
        return tuple(x.replace(axis, x.dims[axis] // self.pieces) for _ in range(self.pieces))

    def torch(self, x: Shape) -> Form:
        return Form(function=call(".chunk", X(), P("pieces"), P("axis")))


@op("unbind", role="reshape")
class Unbind(Op):
    """Take an axis apart, and give the list of what lies at each of its indices.

    [N, L, D] -> L values of [N, D] along axis 1

    Example:
        input tokens: [N, 128, 2304]
        rearrange("n l (three d) -> three n l d", three=3)
        unbind(0)
        let parts = @
        sdpa(parts[0], parts[1], parts[2])
        expect output == [N, 128, 768]
    """

    view: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False

    axis: int

    def shape(self, x: Shape) -> tuple[Shape, ...]:
        axis = axis_of(self, x, self.axis)
        count = fixed(self, x, axis, f"axis {axis}")
        if not 2 <= count <= MOST:
            refuse_range(self, "axis", f"one of 2 to {MOST} indices")
        part = Shape((*x.dims[:axis], *x.dims[axis + 1 :]), x.dtype, behind_removed(x.channel_axis, axis))
        return (part,) * count

    def torch(self, x: Shape) -> Form:
        return Form(function=call(".unbind", X(), P("axis")))
