"""Views: the same numbers under another shape. For anything but these few, `rearrange`."""

from __future__ import annotations

from typing import ClassVar

from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, P, X, call
from archdsl.ops.op import GLOBAL, Op, Window, op
from archdsl.ops.rules import axis_of, refuse_range


def channels_behind(x: Shape, start: int, end: int) -> int | None:
    """The channel axis once axes `start` to `end` are one."""
    axis = x.channel_axis
    return axis if axis is None or axis <= start else max(start, axis - (end - start))


@op("flatten", role="reshape")
class Flatten(Op):
    """Make one axis of the axes from `start` to `end`; by default of all but the batch.

    [N, C, H, W] -> [N, C H W]

    Example:
        input image: [N, 256, 6, 6]
        flatten
        expect output == [N, 9216]
    """

    view: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False

    start: int = 1
    end: int = -1

    def shape(self, x: Shape) -> Shape:
        start, end = axis_of(self, x, self.start, "start"), axis_of(self, x, self.end, "end")
        if start > end:
            refuse_range(self, "start", f"at most `end` = {end}")
        size = x.dims[start]
        for dim in x.dims[start + 1 : end + 1]:
            size *= dim
        return Shape((*x.dims[:start], size, *x.dims[end + 1 :]), x.dtype, channels_behind(x, start, end))

    def follows(self, axis: int, x: Shape) -> int | None:
        start, end = self.start % x.rank, self.end % x.rank
        if start < axis <= end:
            return None  # the parts of the axis would lie between one another
        return axis if axis <= start else axis - (end - start)

    def torch(self, x: Shape) -> Form:
        to_the_end = self.end in (-1, x.rank - 1)
        end = () if to_the_end else (P("end"),)
        start = () if to_the_end and self.start == 1 else (P("start"),)
        return Form(module=call("nn.Flatten", *start, *end), function=call("torch.flatten", X(), P("start"), *end))

    def window(self, x: Shape) -> Window | None:
        return GLOBAL if x.rank > 2 else None


@op("identity", role="identity")
class Identity(Op):
    """Leave everything as it is.

    Shape: any, unchanged.

    Example:
        input image: [N, 3, 224, 224]
        identity
        expect output == [N, 3, 224, 224]
    """

    view: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False

    def shape(self, x: Shape) -> Shape:
        return x

    def follows(self, axis: int, x: Shape) -> int | None:
        return axis

    def torch(self, x: Shape) -> Form:
        return Form(module=call("nn.Identity"), function=X())
