"""One number for all that lie along axes."""

from __future__ import annotations

from typing import ClassVar, Literal

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, P, X, call
from archdsl.ops.op import GLOBAL, Axes, Op, Window, op
from archdsl.ops.pick import behind_removed
from archdsl.ops.reorder import single
from archdsl.ops.rules import axis_of, need_floats, refuse_dtype, refuse_range


@op("reduce", role="pool")
class Reduce(Op):
    """The mean, sum, largest or smallest of the numbers along one or several axes.

    The axes are then gone, or of size 1 with `keep=true`.
    [N, L, D] -> [N, D] along axis 1

    Example:
        input tokens: [N, 196, 768]
        reduce(1, by=mean)
        expect output == [N, 768]
    """

    keeps_output: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False

    axes: Axes
    by: Literal["mean", "sum", "max", "min"]
    keep: bool = False

    def shape(self, x: Shape) -> Shape:
        gone = sorted({axis_of(self, x, axis, "axes") for axis in self.axes}, reverse=True)
        if len(gone) < len(self.axes) or not gone or gone[-1] == 0:
            refuse_range(self, "axes", "axes behind the batch, each once")
        if self.by in ("mean", "sum"):
            need_floats(self, x)
        for axis in gone:
            if self.keep:
                x = x.replace(axis, Dim.of(1))
            else:
                x = Shape((*x.dims[:axis], *x.dims[axis + 1 :]), x.dtype, behind_removed(x.channel_axis, axis))
        return x

    def follows(self, axis: int, x: Shape) -> int | None:
        gone = {one % x.rank for one in self.axes}
        if axis in gone:
            return None
        return axis if self.keep else axis - sum(one < axis for one in gone)

    def torch(self, x: Shape) -> Form:
        name = f".a{self.by}" if self.by in ("max", "min") else f".{self.by}"
        return Form(function=call(name, X(), dim=single(self.axes), keepdim=P("keep"), defaults={"keepdim": False}))

    def window(self, x: Shape) -> Window:
        return GLOBAL

    def needs_input(self) -> bool:
        return self.by in ("max", "min")  # it has to be found again


@op("cumsum", role="pool")
class Cumsum(Op):
    """The sum of all numbers up to each place along an axis: y_i = x_0 + ... + x_i.

    Shape: any, unchanged.

    Example:
        input steps: [N, 128, 2]
        cumsum(1)
        expect output == [N, 128, 2]
    """

    keeps_input: ClassVar[bool] = False

    axis: int

    def shape(self, x: Shape) -> Shape:
        if x.dtype == "bool":
            refuse_dtype(self, "numbers", x)
        axis_of(self, x, self.axis)
        return x if x.dtype.startswith(("float", "bfloat")) else Shape(x.dims, "int64", x.channel_axis)

    def follows(self, axis: int, x: Shape) -> int | None:
        return None if axis == self.axis % x.rank else axis

    def torch(self, x: Shape) -> Form:
        return Form(function=call("torch.cumsum", X(), dim=P("axis")))

    def window(self, x: Shape) -> Window:
        return GLOBAL
