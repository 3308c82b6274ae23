"""What makes one value of several."""

from __future__ import annotations

from itertools import accumulate
from math import prod
from typing import ClassVar

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ir.shares import Shares
from archdsl.ops.form import Form, Index, Infix, P, X, call
from archdsl.ops.op import GLOBAL, MANY, Op, Refused, Size, Window, op
from archdsl.ops.rules import (
    axis_of,
    counterexample,
    differs,
    fixed,
    need_channels,
    need_floats,
    need_rank,
    need_same_dtype,
    refuse_dtype,
)


def shown(inputs: tuple[Shape, ...], sign: str) -> str:
    """ "256x56x56 + 64x56x56"."""
    return f" {sign} ".join(map(str, inputs))


def broadcast(op: Op, sign: str, inputs: tuple[Shape, ...], before: int = 0) -> list[Dim]:
    """The sizes of a result made number by number, along all axes but the last `before`; matched from the last."""
    rank = max(x.rank for x in inputs)
    return [_common(op, sign, inputs, axis) for axis in range(-rank, -before)]


def _common(op: Op, sign: str, inputs: tuple[Shape, ...], axis: int) -> Dim:
    """The size along an axis (negative: from the end): the one that all share, where 1 goes with any."""
    chosen, owner = None, 0
    for i, x in enumerate(inputs):
        if x.rank < -axis:
            continue
        dim = x.dims[axis]
        if chosen is None or chosen.constant == 1:
            chosen, owner = dim, i
        elif dim.constant != 1 and (decision := differs(chosen, dim, axis, (owner, i))):
            from archdsl.errors.shapes import CannotCombine

            error = CannotCombine(op.name, shown(inputs, sign), x.rank + axis, counterexample(decision))
            raise Refused(error, operand=i)
    assert chosen is not None
    return chosen


def channels_of(inputs: tuple[Shape, ...], rank: int) -> int | None:
    """The channel axis of a result of that rank: that of the first operand that has one. A class token has none."""
    return next((x.channel_axis for x in inputs if x.rank == rank and x.channel_axis is not None), None)


class Combine(Op):
    """Number by number. Along each axis, counted from the last, sizes are equal for good, or one of them is 1."""

    sign: ClassVar[str] = ""
    glyph: ClassVar[str] = "sign"
    operands: ClassVar[int] = MANY
    distinct: ClassVar[bool] = True

    def shape(self, *inputs: Shape) -> Shape:
        need_same_dtype(self, inputs)
        widest = max(inputs, key=lambda x: x.rank)
        return Shape(broadcast(self, self.sign, inputs), widest.dtype, channels_of(inputs, widest.rank))

    def follows(self, axis: int, *x: Shape) -> int | None:
        return axis + max(each.rank for each in x) - next(each.rank for each in x if each.shares)

    def drawn(self, *inputs: Shape) -> str:
        return {"*": "x"}.get(self.sign, self.sign)

    def torch(self, *inputs: Shape) -> Form:
        term: X | Infix = X(0)
        for i in range(1, len(inputs)):
            term = Infix(self.sign, term, X(i))
        return Form(function=term)


@op("add", role="merge")
class Add(Combine):
    """Add values number by number: x + y + ...

    Along each axis the sizes are equal, or one of them is 1 and repeated.
    [N, C, H, W], [N, C, H, W] -> [N, C, H, W]

    Example:
        input image: [N, 64, 56, 56]
        let before = @
        conv(64, 3x3, pad=1)
        add(before, @)
        expect output == [N, 64, 56, 56]
    """

    sign: ClassVar[str] = "+"
    keeps_input: ClassVar[bool] = False


@op("sub", role="merge")
class Sub(Combine):
    """Subtract the second value from the first, number by number: x - y.

    Along each axis the sizes are equal, or one of them is 1 and repeated.
    [N, C, H, W], [N, C, H, W] -> [N, C, H, W]

    Example:
        input image: [N, 64, 56, 56]
        let sharp = @
        avgpool(3x3, stride=1, pad=1)
        sub(sharp, @)
        expect output == [N, 64, 56, 56]
    """

    sign: ClassVar[str] = "-"
    operands: ClassVar[int] = 2
    keeps_input: ClassVar[bool] = False

    def shape(self, *inputs: Shape) -> Shape:
        if inputs[0].dtype == "bool":
            refuse_dtype(self, "numbers", inputs[0])
        return super().shape(*inputs)


@op("mul", role="merge")
class Mul(Combine):
    """Multiply values number by number: x * y * ...

    Along each axis the sizes are equal, or one of them is 1 and repeated.
    [N, C, H, W], [N, C, 1, 1] -> [N, C, H, W]

    Example:
        input image: [N, 64, 56, 56]
        let maps = @
        avgpool(out=1x1) -> conv(64, 1x1) -> sigmoid
        mul(@, maps)
        expect output == [N, 64, 56, 56]
    """

    sign: ClassVar[str] = "*"


@op("concat", role="merge")
class Concat(Op):
    """Put values one behind the other along an axis: that of the channels, if none is named.

    Along all other axes the sizes are equal.
    [N, C1, H, W], [N, C2, H, W] -> [N, C1 + C2, H, W]

    Example:
        input image: [N, 64, 56, 56]
        let before = @
        conv(32, 3x3, pad=1)
        concat(before, @)
        expect output == [N, 96, 56, 56]
    """

    operands: ClassVar[int] = MANY
    keeps_input: ClassVar[bool] = False
    glyph: ClassVar[str] = "bar"

    axis: int | None = None

    def shape(self, *inputs: Shape) -> Shape:
        need_same_dtype(self, inputs)
        first = inputs[0]
        if self.axis is None:
            for x in inputs:
                need_channels(self, x)
        joined = axis_of(self, first, 1 if self.axis is None else self.axis)
        for i, x in enumerate(inputs[1:], 1):
            if x.rank != first.rank:
                self._refuse(inputs, joined, 0, f"{x.rank} axes against {first.rank}", i)
            for axis in range(first.rank):
                if axis != joined and (decision := differs(first.dims[axis], x.dims[axis], axis, (0, i))):
                    self._refuse(inputs, joined, axis, counterexample(decision), i)
        total = first.dims[joined]
        for x in inputs[1:]:
            total += x.dims[joined]
        made = first.replace(joined, total)
        return Shape(made.dims, made.dtype, channels_of(inputs, first.rank))

    def _refuse(self, inputs: tuple[Shape, ...], joined: int, axis: int, difference: str, operand: int) -> None:
        from archdsl.errors.shapes import CannotConcatenate

        raise Refused(CannotConcatenate(shown(inputs, "and"), joined, axis, difference), operand=operand)

    def follows(self, axis: int, *x: Shape) -> int | None:
        return axis

    def apart(self, shares: Shares, *inputs: Shape) -> Op:
        joined = 1 if self.axis is None else self.axis % inputs[0].rank
        return ConcatShares(self.axis, shares.split.by) if shares.axis == joined else self

    def torch(self, *inputs: Shape) -> Form:
        axis = 1 if self.axis is None else P("axis")
        return Form(function=call("torch.cat", [X(i) for i in range(len(inputs))], axis))


class ConcatShares(Concat):
    """`concat` along the axis of which each device holds a part: device 0's parts of all operands come first.

    a0 a1, b0 b1 -> a0 b0 a1 b1
    """

    by: tuple[int, ...] = (1,)

    def torch(self, *inputs: Shape) -> Form:
        axis = 1 if self.axis is None else self.axis % inputs[0].rank
        parts = [
            Index(X(i), (*[slice(None)] * axis, part))
            for parts in zip(*self._cuts(axis, inputs))
            for i, part in enumerate(parts)
        ]
        return Form(function=call("torch.cat", parts, axis))

    def _cuts(self, axis: int, inputs: tuple[Shape, ...]) -> list[list[slice]]:
        """For each operand, the devices' parts of it."""
        cuts: list[list[slice]] = []
        for x in inputs:
            unit = fixed(self, x, axis, f"axis {axis}") // sum(self.by)
            ends = [unit * end for end in accumulate(self.by)]
            cuts.append([slice(start or None, end) for start, end in zip((0, *ends), ends)])
        return cuts


@op("matmul", role="merge")
class Matmul(Op):
    """The matrix product over the last two axes: y_ij = sum_k a_ik b_kj; the axes before are a batch.

    [..., m, k], [..., k, n] -> [..., m, n]

    Example:
        input tokens: [N, 197, 64]
        let keys = @
        rearrange("n l d -> n d l")
        matmul(keys, @)
        expect output == [N, 197, 197]
        expect macs == 197 * 197 * 64
    """

    operands: ClassVar[int] = 2

    def shape(self, a: Shape, b: Shape) -> Shape:
        need_floats(self, a, b)
        need_same_dtype(self, (a, b))
        need_rank(self, a, 2, None, "matrices, of 2 axes or more")
        need_rank(self, b, 2, None, "matrices, of 2 axes or more")
        if decision := differs(a.dims[-1], b.dims[-2]):
            from archdsl.errors.shapes import CannotMultiply

            at = counterexample(decision) if decision.fails and decision.fails.sizes else ""
            error = CannotMultiply(shown((a, b), "@"), str(a.dims[-1]), str(b.dims[-2]), at and f" ({at})")
            raise Refused(error, operand=1)
        batch = broadcast(self, "@", (a, b), before=2)
        widest = a if a.rank >= b.rank else b
        return Shape((*batch, a.dims[-2], b.dims[-1]), a.dtype, widest.channel_axis)

    def torch(self, a: Shape, b: Shape) -> Form:
        return Form(function=Infix("@", X(0), X(1)))

    def macs(self, inputs: tuple[Size, ...], output: Size) -> int:
        return prod(output) * inputs[0][-1]

    def window(self, a: Shape, b: Shape) -> Window:
        return GLOBAL
