"""Trainable numbers for each channel, in a module of their own, as torch.nn has none for them."""

from __future__ import annotations

from typing import ClassVar

from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, P, call
from archdsl.ops.op import Op, State, op
from archdsl.ops.rules import axis_of, fixed, in_channels, need_weights
from archdsl.record import KW_ONLY


class PerChannel(Op):
    """One number for each index along an axis: the channels', if none is named."""

    axis: int | None = None
    _: KW_ONLY
    value: float = 1.0

    def shape(self, x: Shape) -> Shape:
        need_weights(self, x)
        self.tensor_shape(x)
        return x

    def axis_in(self, x: Shape) -> int:
        return 1 if self.axis is None else axis_of(self, x, self.axis)

    def tensor_shape(self, x: Shape) -> tuple[int, ...]:
        """[C, 1, 1] for maps: as many axes as make it match from the last axis on."""
        axis = self.axis_in(x)
        size = in_channels(self, x) if self.axis is None else fixed(self, x, axis, f"axis {axis}")
        return (size, *(1 for _ in x.dims[axis + 1 :]))

    def follows(self, axis: int, x: Shape) -> int | None:
        return axis

    def torch(self, x: Shape) -> Form:
        axis = self.axis_in(x)
        shape = (x.dims[axis], *(1 for _ in x.dims[axis + 1 :]))
        return Form(module=call(self.name.title(), shape, value=P("value"), defaults={"value": type(self).value}))


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

    weights: ClassVar[tuple[str, ...] | None] = ("weight",)

    def state(self, x: Shape) -> tuple[State, ...]:
        return (State("weight", self.tensor_shape(x)),)


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

    weights: ClassVar[tuple[str, ...] | None] = ("bias",)
    keeps_input: ClassVar[bool] = False

    value: float = 0.0

    def state(self, x: Shape) -> tuple[State, ...]:
        return (State("bias", self.tensor_shape(x)),)
