"""Affine maps."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import ClassVar

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ir.shares import Shares
from archdsl.ops.apart import in_groups
from archdsl.ops.form import Form, P, call
from archdsl.ops.op import Op, Size, State, op
from archdsl.ops.rules import at_least, fixed, need_groups, need_rank, need_weights
from archdsl.record import KW_ONLY


@op("linear", role="dense")
class Linear(Op):
    """Apply an affine map to the last axis: y = W x + b.

    With `groups` the features and units are divided, and each group of units sees its own group of features only.
    [N, ..., features] -> [N, ..., units]; `groups` divides both

    Example:
        input features: [N, 2048]
        linear(1000)
        expect output == [N, 1000]
        expect params == 2048 * 1000 + 1000
    """

    makes: ClassVar[Mapping[int, str]] = {-1: "units"}
    weights: ClassVar[tuple[str, ...] | None] = ("weight", "bias")

    units: int
    _: KW_ONLY
    bias: bool = True
    groups: int = 1

    @property
    def divided(self) -> bool:
        return True

    def apart(self, shares: Shares, x: Shape) -> Op:
        return in_groups(self, shares.split)

    def shape(self, x: Shape) -> Shape:
        at_least(self, 1, "units", "groups")
        need_rank(self, x, 2, None, "[N, ..., features]")
        need_weights(self, x)
        features = fixed(self, x, -1, "the number of features")
        need_groups(self.groups, input=features, output=self.units)
        return x.replace(-1, Dim.of(self.units))

    def torch(self, x: Shape) -> Form:
        if self.groups > 1:
            made = call("GroupedLinear", x.dims[-1], P("units"), P("groups"), bias=P("bias"), defaults={"bias": True})
            return Form(module=made)
        return Form(module=call("nn.Linear", x.dims[-1], P("units"), bias=P("bias"), defaults={"bias": True}))

    def drawn(self, x: Shape) -> str:
        return f"fc, {self.units}"

    def state(self, x: Shape) -> tuple[State, ...]:
        weight = State("weight", (self.units, fixed(self, x, -1, "the number of features") // self.groups))
        return (weight, State("bias", (self.units,))) if self.bias else (weight,)

    def macs(self, inputs: tuple[Size, ...], output: Size) -> int:
        return prod(output) * (inputs[0][-1] // self.groups)
