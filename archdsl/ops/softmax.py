"""Activations along an axis."""

from __future__ import annotations

from typing import ClassVar

from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, P, X, call
from archdsl.ops.op import Op, op
from archdsl.ops.rules import axis_of, need_divisible, need_floats


class AlongAxis(Op):
    """The shape stays; `axis` is torch's `dim`."""

    module: ClassVar[str] = ""
    function: ClassVar[str] = ""

    axis: int = -1

    def shape(self, x: Shape) -> Shape:
        need_floats(self, x)
        axis_of(self, x, self.axis)
        return x

    def follows(self, axis: int, x: Shape) -> int | None:
        return None if axis == self.axis % x.rank else axis

    def torch(self, x: Shape) -> Form:
        return Form(module=call(f"nn.{self.module}", dim=P("axis")), function=call(self.function, X(), dim=P("axis")))


@op("softmax", role="activation")
class Softmax(AlongAxis):
    """Turn scores into a distribution along an axis: exp(x_i) / sum_j exp(x_j).

    `axis=1` is over the channels of a map.
    Shape: any, unchanged.

    Example:
        input scores: [N, 1000]
        softmax
        expect output == [N, 1000]
    """

    module: ClassVar[str] = "Softmax"
    function: ClassVar[str] = "F.softmax"
    keeps_output: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False


@op("log_softmax", role="activation")
class LogSoftmax(AlongAxis):
    """The logarithm of softmax, without its rounding: x_i - log(sum_j exp(x_j)).

    Shape: any, unchanged.

    Example:
        input scores: [N, 21, 64, 64]
        log_softmax(axis=1)
        expect output == [N, 21, 64, 64]
    """

    module: ClassVar[str] = "LogSoftmax"
    function: ClassVar[str] = "F.log_softmax"
    keeps_output: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False


@op("softmin", role="activation")
class Softmin(AlongAxis):
    """Softmax of the negated input: exp(-x_i) / sum_j exp(-x_j).

    Shape: any, unchanged.

    Example:
        input distances: [N, 10]
        softmin
        expect output == [N, 10]
    """

    module: ClassVar[str] = "Softmin"
    function: ClassVar[str] = "F.softmin"
    keeps_output: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False


@op("glu", role="activation")
class Glu(AlongAxis):
    """Gate one half of an axis by the other: a sigmoid(b), where x is a and b one behind the other.

    [N, C, ...] -> [N, C / 2, ...] with `axis=1`; the last axis otherwise

    Example:
        input signal: [N, 128, 1000]
        glu(axis=1)
        expect output == [N, 64, 1000]
    """

    module: ClassVar[str] = "GLU"
    function: ClassVar[str] = "F.glu"

    def shape(self, x: Shape) -> Shape:
        need_floats(self, x)
        axis = axis_of(self, x, self.axis)
        need_divisible(self, x, axis, 2, param="axis")
        return x.replace(axis, x.dims[axis] // 2)

    def torch(self, x: Shape) -> Form:
        return Form(
            module=call("nn.GLU", dim=P("axis"), defaults={"dim": -1}),
            function=call("F.glu", X(), dim=P("axis"), defaults={"dim": -1}),
        )
