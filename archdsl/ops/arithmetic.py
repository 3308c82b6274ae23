"""Arithmetic on each number alone, and of two values number by number. Sums and products are in `merge.py`."""

from __future__ import annotations

from typing import ClassVar

from archdsl.ir.shape import Shape
from archdsl.ops.form import Call, Form, Infix, P, X, call
from archdsl.ops.merge import Combine
from archdsl.ops.op import Op, op
from archdsl.ops.rules import need_floats


@op("affine", role="activation")
class Affine(Op):
    """Multiply every number by `scale` and add `offset`, which are not trained: scale x + offset.

    Shape: any, unchanged. For trained numbers, one for each channel: `scale` and `bias`.

    Example:
        input image: [N, 6, 28, 28]
        affine(2 / 3) -> tanh -> affine(1.7159)
        expect output == [N, 6, 28, 28]
    """

    keeps_input: ClassVar[bool] = False

    scale: float
    offset: float = 0.0

    def shape(self, x: Shape) -> Shape:
        need_floats(self, x)
        return x

    def follows(self, axis: int, x: Shape) -> int | None:
        return axis

    def torch(self, x: Shape) -> Form:
        scaled = Infix("*", X(), P("scale"))
        return Form(function=Infix("+", scaled, P("offset")) if self.offset else scaled)


class Unary(Op):
    """A function of each number alone, without a class in torch.nn."""

    def shape(self, x: Shape) -> Shape:
        need_floats(self, x)
        return x

    def follows(self, axis: int, x: Shape) -> int | None:
        return axis

    def torch(self, x: Shape) -> Form:
        return Form(function=call(f"torch.{self.name}", X()))


@op("exp", role="activation")
class Exp(Unary):
    """The exponential: e^x.

    Shape: any, unchanged.

    Example:
        input sizes: [N, 2, 13, 13]
        exp
        expect output == [N, 2, 13, 13]
    """

    keeps_output: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False


@op("sqrt", role="activation")
class Sqrt(Unary):
    """The square root: x^(1/2).

    Shape: any, unchanged.

    Example:
        input energy: [N, 64]
        sqrt
        expect output == [N, 64]
    """

    keeps_output: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False


@op("abs", role="activation")
class Abs(Unary):
    """The absolute value: |x|.

    Shape: any, unchanged.

    Example:
        input image: [N, 3, 32, 32]
        abs
        expect output == [N, 3, 32, 32]
    """


@op("div", role="merge")
class Div(Combine):
    """Divide the first value by the second, number by number: x / y.

    Along each axis the sizes are equal, or one of them is 1 and repeated.
    [N, C, H, W], [N, C, H, W] -> [N, C, H, W]

    Example:
        input features: [N, 64]
        let vector = @
        mul(@, @) -> reduce(1, by=sum, keep=true) -> sqrt
        div(vector, @)
        expect output == [N, 64]
    """

    sign: ClassVar[str] = "/"
    operands: ClassVar[int] = 2

    def shape(self, *inputs: Shape) -> Shape:
        need_floats(self, *inputs)
        return super().shape(*inputs)


@op("maximum", role="merge")
class Maximum(Combine):
    """The larger of several values, number by number: max(x, y, ...). With one map of each, maxout.

    Along each axis the sizes are equal, or one of them is 1 and repeated.
    [N, C, H, W], [N, C, H, W] -> [N, C, H, W]

    Example:
        input image: [N, 3, 32, 32]
        maximum { conv(16, 3x3); conv(16, 3x3) }
        expect output == [N, 16, 30, 30]
    """

    sign: ClassVar[str] = "and"

    def drawn(self, *inputs: Shape) -> str:
        return "max"

    def torch(self, *inputs: Shape) -> Form:
        larger: X | Call = X(0)
        for i in range(1, len(inputs)):
            larger = call("torch.maximum", larger, X(i))
        return Form(function=larger)
