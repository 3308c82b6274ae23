"""Distances between vectors: what radial basis functions are of."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, Infix, X, call
from archdsl.ops.op import Op, Refused, Size, op
from archdsl.ops.rules import counterexample, differs, need_floats, need_rank, need_same_dtype


@op("distance", role="dense")
class Distance(Op):
    """The squared Euclidean distance to each of several centres: y_i = sum_j (x_j - c_ij)^2.

    LeNet-5's last layer: ten centres, each a bitmap of 7x12. They are a `const`, or a `param` if they are trained.
    [N, ..., features], [centres, features] -> [N, ..., centres]

    Example:
        input features: [N, 2]
        const corners: [4, 2] = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
        distance(@, @corners)
        expect output == [N, 4]
    """

    operands: ClassVar[int] = 2
    keeps_input: ClassVar[bool] = False

    def shape(self, x: Shape, centres: Shape) -> Shape:
        need_floats(self, x, centres)
        need_same_dtype(self, (x, centres))
        need_rank(self, x, 2, None, "[N, ..., features]")
        need_rank(self, centres, 2, 2, "[centres, features]", operand=1)
        if decision := differs(x.dims[-1], centres.dims[-1], 1, (0, 1)):
            from archdsl.errors.shapes import CannotCompare

            raise Refused(CannotCompare(self.name, repr(x), repr(centres), counterexample(decision)), operand=1)
        return x.replace(-1, centres.dims[0])

    def torch(self, x: Shape, centres: Shape) -> Form:
        apart = Infix("-", call(".unsqueeze", X(0), -2), X(1))
        return Form(function=call(".sum", call(".square", apart), -1))

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return 4 * prod(output) * inputs[0][-1]  # the differences
