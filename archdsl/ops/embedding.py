"""Indices: vectors looked up by them, and the indices of places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.form import Axis, Device, Form, P, call
from archdsl.ops.op import Op, State, op
from archdsl.ops.rules import at_least, axis_of, need_indices, refuse_both, refuse_range
from archdsl.record import KW_ONLY


@op("embedding", role="embedding")
class Embedding(Op):
    """Look up a learned vector for each index: y = weight[index], for indices from 0 to `vocab` - 1.

    The vector of index `padding` starts as zeros and is not trained.
    [N, ...] of int64 or int32 -> [N, ..., dim] of float32

    Example:
        input ids: int64 [N, 128]
        embedding(50257, 768)
        expect output == [N, 128, 768]
        expect params == 50257 * 768
    """

    makes: ClassVar[Mapping[int, str]] = {-1: "dim"}
    weights: ClassVar[tuple[str, ...] | None] = ("weight",)

    vocab: int
    dim: int
    _: KW_ONLY
    padding: int | None = None

    def shape(self, x: Shape) -> Shape:
        need_indices(self, x)
        at_least(self, 1, "vocab", "dim")
        if self.padding is not None and not -self.vocab <= self.padding < self.vocab:
            refuse_range(self, "padding", f"between 0 and {self.vocab - 1}, or negative from the end")
        return Shape((*x.dims, Dim.of(self.dim)), "float32", x.rank)

    def drawn(self, x: Shape) -> str:
        return f"embedding, {self.dim}"

    def torch(self, x: Shape) -> Form:
        return Form(
            module=call("nn.Embedding", P("vocab"), P("dim"), padding_idx=P("padding"), defaults={"padding_idx": None})
        )

    def state(self, x: Shape) -> tuple[State, ...]:
        return (State("weight", (self.vocab, self.dim)),)


@op("arange", role="embedding")
class Arange(Op):
    """Count from 0: the places 0, 1, ..., n - 1 along an axis of the current value, or `size` of them.

    [N, L, ...] -> [1, L] of int64: one row, which goes with every sample

    Example:
        input ids: int64 [N, L = 128]
        arange -> embedding(1024, 768)
        expect output == [1, L, 768]
    """

    keeps_input: ClassVar[bool] = False

    _: KW_ONLY
    axis: int | None = None
    size: int | None = None

    def shape(self, x: Shape) -> Shape:
        if self.axis is not None and self.size is not None:
            refuse_both(self, "size", "axis")
        at_least(self, 1, "size")
        size = Dim.of(self.size) if self.size is not None else x.dims[self._axis(x)]
        return Shape((Dim.of(1), size), "int64", None)

    def _axis(self, x: Shape) -> int:
        axis = axis_of(self, x, 1 if self.axis is None else self.axis)
        if axis == 0:
            refuse_range(self, "axis", "other than 0, the batch")
        return axis

    def drawn(self, *inputs: Shape) -> str:
        return "positions"

    def torch(self, x: Shape) -> Form:
        count = P("size") if self.size is not None else Axis(self._axis(x))
        return Form(function=call(".unsqueeze", call("torch.arange", count, device=Device()), 0))
