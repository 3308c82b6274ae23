"""Trainable numbers for each channel, in a module of their own, as torch.nn has none for them."""

from __future__ import annotations

from archdsl.ir.shape import Shape
from archdsl.ops.form import Attribute, Form, Infix, X
from archdsl.ops.op import Op, State, op
from archdsl.ops.rules import axis_of, fixed, in_channels, need_weights
from archdsl.record import KW_ONLY


class PerChannel(Op):
    """One number for each index along an axis: the channels', if none is named."""

    axis: int | None = None

    def shape(self, x: Shape) -> Shape:
        need_weights(self, x)
        self.tensor_shape(x)
        return x

    def tensor_shape(self, x: Shape) -> tuple[int, ...]:
        """[C, 1, 1] for maps: as many axes as make it match from the last axis on."""
        if self.axis is None:
            return (in_channels(self, x), *(1 for _ in x.dims[2:]))
        axis = axis_of(self, x, self.axis)
        return (fixed(self, x, axis, f"axis {axis}"), *(1 for _ in x.dims[axis + 1 :]))


@op("scale", role="norm")
class Scale(PerChannel):
    """Multiply each channel by a trainable factor: x weight. `value` is what the factors start from.

    [N, C, ...], unchanged; weight: [C, 1, 1] for maps

    Example:
        input image: [N, 6, 28, 28]
        avgpool(2x2) -> scale -> bias -> tanh
        expect output == [N, 6, 14, 14]
        expect params == 12
    """

    _: KW_ONLY
    value: float = 1.0

    def torch(self, x: Shape) -> Form:
        return Form(function=Infix("*", X(), Attribute("weight")))

    def state(self, x: Shape) -> tuple[State, ...]:
        return (State("weight", self.tensor_shape(x), fill=self.value),)


@op("bias", role="norm")
class Bias(PerChannel):
    """Add a trainable number to each channel: x + bias. `value` is what they start from.

    [N, C, ...], unchanged; bias: [C, 1, 1] for maps

    Example:
        input image: [N, 6, 28, 28]
        bias
        expect output == [N, 6, 28, 28]
        expect params == 6
    """

    _: KW_ONLY
    value: float = 0.0

    def torch(self, x: Shape) -> Form:
        return Form(function=Infix("+", X(), Attribute("bias")))

    def state(self, x: Shape) -> tuple[State, ...]:
        return (State("bias", self.tensor_shape(x), fill=self.value),)
