"""Attention: every place looks at all others, and takes a mean of what it finds, weighed by how well they fit."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, Infix, P, Training, X, call
from archdsl.ops.merge import broadcast, shown
from archdsl.ops.op import GLOBAL, Op, Refused, Size, State, Window, op
from archdsl.ops.rules import (
    at_least,
    counterexample,
    differs,
    fixed,
    need_floats,
    need_probability,
    need_rank,
    need_same_dtype,
    need_weights,
    refuse_range,
)
from archdsl.record import KW_ONLY


def need_fit(op: Op, inputs: tuple[Shape, ...], left: int, right: int, axis: int, what: str) -> None:
    """Two operands have the same size along an axis (negative: from the end)."""
    if decision := differs(inputs[left].dims[axis], inputs[right].dims[axis], axis % inputs[right].rank, (left, right)):
        from archdsl.errors.shapes import CannotAttend

        raise Refused(CannotAttend(op.name, shown(inputs, "and"), what, counterexample(decision)), operand=right)


@op("sdpa", role="attention")
class ScaledDotProductAttention(Op):
    """Attend to values by queries and keys: softmax(q k^T scale) v, where scale is 1 / sqrt(d), if not given.

    With `causal=true` place i sees the places up to i alone. `dropout` drops weights in training.
    [..., L, d], [..., S, d], [..., S, e] -> [..., L, e]; the axes before are a batch, that of heads among them

    Example:
        input tokens: [N, 128, 768]
        let heads = @
        rearrange("n l (h d) -> n h l d", h=12)
        sdpa(@, @, @, causal=true)
        rearrange("n h l d -> n l (h d)")
        expect output == [N, 128, 768]
    """

    operands: ClassVar[int] = 3
    keeps_output: ClassVar[bool] = True

    _: KW_ONLY
    causal: bool = False
    scale: float | None = None
    dropout: float = 0.0

    @property
    def draws(self) -> bool:
        return self.dropout > 0

    def shape(self, q: Shape, k: Shape, v: Shape) -> Shape:
        inputs = (q, k, v)
        need_floats(self, *inputs)
        need_same_dtype(self, inputs)
        need_probability(self, "dropout")
        for i, x in enumerate(inputs):
            need_rank(self, x, 3, None, "[N, ..., places, features]", operand=i)
            if x.rank != q.rank:
                need_rank(self, x, q.rank, q.rank, f"as many axes as the queries, {q.rank}", operand=i)
        need_fit(self, inputs, 0, 1, -1, "features of queries and keys")
        need_fit(self, inputs, 1, 2, -2, "places of keys and values")
        batch = broadcast(self, "and", inputs, before=2)
        return Shape((*batch, q.dims[-2], v.dims[-1]), q.dtype, q.channel_axis)

    def drawn(self, *inputs: Shape) -> str:
        return "dot-product attention"

    def torch(self, q: Shape, k: Shape, v: Shape) -> Form:
        dropout: dict[str, Any] = {"dropout_p": Infix("*", P("dropout"), Training())} if self.dropout else {}
        return Form(
            function=call(
                "F.scaled_dot_product_attention",
                X(0),
                X(1),
                X(2),
                defaults={"is_causal": False, "scale": None},
                **dropout,
                is_causal=P("causal"),
                scale=P("scale"),
            )
        )

    def macs(self, inputs: tuple[Size, ...], output: Size) -> int:
        q, k, v = inputs
        return prod(output[:-1]) * k[-2] * (q[-1] + v[-1])

    def window(self, q: Shape, k: Shape, v: Shape) -> Window:
        return GLOBAL

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return 4 * prod(output[:-1])  # the logarithms of softmax's sums


@op("attention", role="attention")
class Attention(Op):
    """Attend with several heads, each over its share of the features: concat(softmax(q k^T / sqrt(d)) v) W + b.

    q, k and v are affine maps of the current value. Further values take its place: `attention(12, @memory)` makes keys
    and values of the memory, `attention(12, @keys, @values)` of one each. With `causal=true` place i sees the places
    up to i alone. The weights are named as those of nn.MultiheadAttention.
    [N, L, features] -> [N, L, features]; `heads` divides the features

    Example:
        input tokens: [N, 197, 768]
        attention(12)
        expect output == [N, 197, 768]
        expect params == 4 * (768 * 768 + 768)
        expect macs == 4 * 197 * 768 * 768 + 2 * 197 * 197 * 768
    """

    keeps_input: ClassVar[bool] = False

    further: ClassVar[int] = 2
    weights: ClassVar[tuple[str, ...] | None] = (
        "in_proj_weight",
        "q_proj_weight",
        "k_proj_weight",
        "v_proj_weight",
        "in_proj_bias",
        "out_proj.weight",
        "out_proj.bias",
    )

    heads: int
    _: KW_ONLY
    causal: bool = False
    dropout: float = 0.0
    bias: bool = True

    @property
    def draws(self) -> bool:
        return self.dropout > 0

    def shape(self, x: Shape, *others: Shape) -> Shape:
        inputs = (x, *others)
        at_least(self, 1, "heads")
        need_probability(self, "dropout")
        for i, value in enumerate(inputs):
            need_rank(self, value, 3, 3, "[N, places, features]", operand=i)
            need_weights(self, value, operand=i)
            fixed(self, value, -1, "the number of features", operand=i)
        features = self._features(x)
        if features % self.heads:
            refuse_range(self, "heads", f"a divisor of the {features} features")
        for i in range(1, len(inputs)):
            need_fit(self, inputs, 0, i, 0, "batches")
        if len(others) == 2:
            need_fit(self, inputs, 1, 2, 1, "places of keys and values")
        if self.causal and others:
            from archdsl.errors.ops import NotApplicable

            reason = "is for a value that attends to itself"
            raise Refused(NotApplicable(self.name, "causal", "true", reason), param="causal")
        return x

    def _features(self, x: Shape) -> int:
        return fixed(self, x, -1, "the number of features")

    def _sources(self, inputs: tuple[Shape, ...]) -> tuple[Shape, Shape]:
        """What keys and values are made of."""
        return inputs[min(1, len(inputs) - 1)], inputs[-1]

    def drawn(self, *inputs: Shape) -> str:
        return f"attention, {self.heads} heads"

    def torch(self, *inputs: Shape) -> Form:
        x = inputs[0]
        sizes = {
            name: source.dims[-1]
            for name, source in zip(("kdim", "vdim"), self._sources(inputs))
            if source.dims[-1] != x.dims[-1]
        }
        return Form(
            module=call(
                "MultiheadAttention",
                x.dims[-1],
                P("heads"),
                dropout=P("dropout"),
                bias=P("bias"),
                causal=P("causal"),
                **sizes,
                defaults={"dropout": 0.0, "bias": True, "causal": False},
            )
        )

    def state(self, *inputs: Shape) -> tuple[State, ...]:
        features = self._features(inputs[0])
        key, value = (self._features(source) for source in self._sources(inputs))
        if key == value == features:
            weights = (State("in_proj_weight", (3 * features, features)),)
        else:
            sizes = {"q": features, "k": key, "v": value}
            weights = tuple(State(f"{name}_proj_weight", (features, size)) for name, size in sizes.items())
        biases = (State("in_proj_bias", (3 * features,)), State("out_proj.bias", (features,))) if self.bias else ()
        return (*weights, *biases[:1], State("out_proj.weight", (features, features)), *biases[1:])

    def macs(self, inputs: tuple[Size, ...], output: Size) -> int:
        batch, length, features = inputs[0]
        keys, values = inputs[min(1, len(inputs) - 1)], inputs[-1]
        maps = features * (2 * length * features + keys[1] * (keys[2] + values[2]))
        return batch * (maps + 2 * length * keys[1] * features)

    def window(self, *inputs: Shape) -> Window:
        return GLOBAL

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        batch, length, features = output
        sources = (inputs[0], inputs[min(1, len(inputs) - 1)], inputs[-1])
        maps = sum(batch * source[1] * features for source in sources)
        copies = sum(map(prod, inputs))
        return 4 * (copies + maps + prod(output) + batch * self.heads * length)
