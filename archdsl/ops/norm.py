"""Normalisations. What is not learned is computed from the input, or kept as a running mean."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import ClassVar

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ir.shares import Shares
from archdsl.ops.apart import in_groups, need_whole_groups
from archdsl.ops.form import Form, P, X, call
from archdsl.ops.op import Op, Refused, Size, State, op
from archdsl.ops.rules import (
    at_least,
    fixed,
    in_channels,
    need_channels,
    need_floats,
    need_groups,
    need_rank,
    need_spatial,
    need_weights,
    refuse_range,
)
from archdsl.record import KW_ONLY


def affine(*shape: int) -> tuple[State, ...]:
    """A factor and an offset."""
    return State("weight", shape), State("bias", shape)


BATCHES = State("num_batches_tracked", (), trainable=False, dtype="int64")


def running(channels: int) -> tuple[State, ...]:
    """What is kept of the batches seen in training."""
    return State("running_mean", (channels,), False), State("running_var", (channels,), False), BATCHES


class Normalisation(Op):
    """(x - mean) / sqrt(variance + eps), then a learned factor and offset."""

    weights: ClassVar[tuple[str, ...] | None] = ("weight", "bias")

    def check(self, eps: float, momentum: float | None = None) -> None:
        """Refuse what is out of range."""
        if eps < 0:
            refuse_range(self, "eps", "at least 0")
        if momentum is not None and not 0 <= momentum <= 1:
            refuse_range(self, "momentum", "between 0 and 1, or none for the plain average")

    def need_several(self, x: Shape, sizes: Iterable[Dim]) -> None:
        """There is more than one number to take the variance of: torch checks it where no running one is used."""
        if all(size.constant == 1 for size in sizes):
            from archdsl.errors.shapes import NothingToNormalise

            raise Refused(NothingToNormalise(self.name, repr(x)), operand=0)


@op("bn", role="norm")
class BatchNorm(Normalisation):
    """Normalise each channel over the batch and all positions: (x - mean) / sqrt(variance + eps) weight + bias.

    In training mean and variance are the batch's, and running ones follow them: new = (1 - momentum) old +
    momentum batch's. Otherwise the running ones are used; with `track=false` there are none.
    [N, C], [N, C, L], [N, C, H, W] or [N, C, D, H, W], unchanged

    Example:
        input image: [N, 64, 56, 56]
        bn(eps=0.001, momentum=0.01)
        expect output == [N, 64, 56, 56]
        expect params == 128
    """

    mixes_samples: ClassVar[bool] = True

    _: KW_ONLY
    eps: float = 1e-5
    momentum: float | None = 0.1
    affine: bool = True
    track: bool = True

    def shape(self, x: Shape) -> Shape:
        need_rank(self, x, 2, 5, "[N, C] or [N, C, ...] with 1 to 3 spatial axes")
        need_weights(self, x)
        in_channels(self, x)
        if self.eps == 0:
            refuse_range(self, "eps", "above 0")
        self.check(self.eps, self.momentum)
        if not self.track:
            self.need_several(x, (x.dims[0], *x.spatial))
        return x

    def follows(self, axis: int, x: Shape) -> int | None:
        return 1 if axis == 1 else None

    def drawn(self, x: Shape) -> str:
        return "batch norm"

    def torch(self, x: Shape) -> Form:
        return Form(
            module=call(
                f"nn.BatchNorm{max(1, x.rank - 2)}d",
                x.dims[1],
                eps=P("eps"),
                momentum=P("momentum"),
                affine=P("affine"),
                track_running_stats=P("track"),
                defaults={"eps": 1e-5, "momentum": 0.1, "affine": True, "track_running_stats": True},
            )
        )

    def state(self, x: Shape) -> tuple[State, ...]:
        channels = in_channels(self, x)
        return (affine(channels) if self.affine else ()) + (running(channels) if self.track else ())

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return 8 * output[1]  # the batch's means and deviations


@op("instancenorm", role="norm")
class InstanceNorm(Normalisation):
    """Normalise each channel of each sample over its positions: (x - mean) / sqrt(variance + eps).

    With `affine=true` a learned factor and offset for each channel follow; with `track=true` running means are kept
    and used outside training.
    [N, C, L], [N, C, H, W] or [N, C, D, H, W], unchanged

    Example:
        input image: [N, 64, 128, 128]
        instancenorm
        expect output == [N, 64, 128, 128]
    """

    _: KW_ONLY
    eps: float = 1e-5
    momentum: float | None = 0.1
    affine: bool = False
    track: bool = False

    def shape(self, x: Shape) -> Shape:
        need_spatial(self, x)
        need_weights(self, x)
        in_channels(self, x)
        self.check(self.eps, self.momentum)
        if not self.track:
            self.need_several(x, x.spatial)
        return x

    def follows(self, axis: int, x: Shape) -> int | None:
        return 1 if axis == 1 else None

    def drawn(self, x: Shape) -> str:
        return "instance norm"

    def torch(self, x: Shape) -> Form:
        return Form(
            module=call(
                f"nn.InstanceNorm{x.rank - 2}d",
                x.dims[1],
                eps=P("eps"),
                momentum=P("momentum"),
                affine=P("affine"),
                track_running_stats=P("track"),
                defaults={"eps": 1e-5, "momentum": 0.1, "affine": False, "track_running_stats": False},
            )
        )

    def state(self, x: Shape) -> tuple[State, ...]:
        channels = in_channels(self, x)
        return (affine(channels) if self.affine else ()) + (running(channels) if self.track else ())

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return 8 * prod(output[:2])


@op("layernorm", role="norm")
class LayerNorm(Normalisation):
    """Normalise over the last axis, or the last `axes`: (x - mean) / sqrt(variance + eps) weight + bias.

    [N, ..., features], unchanged

    Example:
        input tokens: [N, 197, 768]
        layernorm(eps=0.000001)
        expect output == [N, 197, 768]
        expect params == 2 * 768
    """

    _: KW_ONLY
    axes: int = 1
    eps: float = 1e-5
    affine: bool = True
    bias: bool = True

    def shape(self, x: Shape) -> Shape:
        need_rank(self, x, 2, None, "[N, ..., features]")
        need_weights(self, x)
        if not 1 <= self.axes < x.rank:
            refuse_range(self, "axes", f"between 1 and {x.rank - 1}, as the batch is not normalised over")
        self.check(self.eps)
        self._sizes(x)
        return x

    def _sizes(self, x: Shape) -> tuple[int, ...]:
        return tuple(fixed(self, x, axis, f"axis {axis}") for axis in range(x.rank - self.axes, x.rank))

    def follows(self, axis: int, x: Shape) -> int | None:
        return axis if axis < x.rank - self.axes else None

    def drawn(self, x: Shape) -> str:
        return "layer norm"

    def torch(self, x: Shape) -> Form:
        return Form(
            module=call(
                "nn.LayerNorm",
                x.dims[-1] if self.axes == 1 else list(x.dims[-self.axes :]),
                eps=P("eps"),
                elementwise_affine=P("affine"),
                bias=P("bias"),
                defaults={"eps": 1e-5, "elementwise_affine": True, "bias": True},
            )
        )

    def state(self, x: Shape) -> tuple[State, ...]:
        return affine(*self._sizes(x))[: self.affine * (1 + self.bias)]

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return 8 * prod(output[: -self.axes])


@op("groupnorm", role="norm")
class GroupNorm(Normalisation):
    """Normalise over the positions and channels of each group: (x - mean) / sqrt(variance + eps) weight + bias.

    [N, C, ...], unchanged; `groups` divides C

    Example:
        input image: [N, 64, 56, 56]
        groupnorm(32)
        expect output == [N, 64, 56, 56]
        expect params == 128
    """

    groups: int
    _: KW_ONLY
    eps: float = 1e-5
    affine: bool = True

    def shape(self, x: Shape) -> Shape:
        need_rank(self, x, 2, None, "[N, C, ...]")
        need_weights(self, x)
        at_least(self, 1, "groups")
        channels = in_channels(self, x)
        need_groups(self.groups, input=channels)
        self.check(self.eps)
        self.need_several(x, (x.dims[0], Dim.of(channels // self.groups), *x.spatial))
        return x

    def follows(self, axis: int, x: Shape) -> int | None:
        return 1 if axis == 1 else None

    def apart(self, shares: Shares, x: Shape) -> Op:
        need_whole_groups(self, shares.split)
        return self

    def drawn(self, x: Shape) -> str:
        return "group norm"

    def torch(self, x: Shape) -> Form:
        return Form(
            module=call(
                "nn.GroupNorm",
                P("groups"),
                x.dims[1],
                eps=P("eps"),
                affine=P("affine"),
                defaults={"eps": 1e-5, "affine": True},
            )
        )

    def state(self, x: Shape) -> tuple[State, ...]:
        return affine(in_channels(self, x)) if self.affine else ()

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return 8 * output[0] * self.groups


@op("lrn", role="norm")
class LocalResponseNorm(Op):
    """Divide by the energy of the neighbouring channels: x_i / (k + alpha / size sum_j x_j^2)^beta.

    j runs over the `size` channels around i. As in Caffe, alpha is divided by size; the AlexNet paper does not divide.
    With `groups`, which divides C, only over those of i's own group, as where each of two devices held half of them.
    [N, C, ...], unchanged

    Example:
        input image: [N, 96, 55, 55]
        lrn(5, k=2)
        expect output == [N, 96, 55, 55]
    """

    size: int = 5
    _: KW_ONLY
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0
    groups: int = 1

    def shape(self, x: Shape) -> Shape:
        need_rank(self, x, 3, None, "[N, C, ...] with spatial axes")
        need_channels(self, x)
        need_floats(self, x)
        at_least(self, 1, "size", "groups")
        if self.groups > 1:
            need_groups(self.groups, input=in_channels(self, x))
        return x

    def follows(self, axis: int, x: Shape) -> int | None:
        return 1 if axis == 1 else None

    def apart(self, shares: Shares, x: Shape) -> Op:
        return in_groups(self, shares.split)

    def drawn(self, x: Shape) -> str:
        return "local response norm"

    def torch(self, x: Shape) -> Form:
        options = {"alpha": P("alpha"), "beta": P("beta"), "k": P("k")}
        defaults = {"alpha": 1e-4, "beta": 0.75, "k": 1.0}
        if self.groups != 1:
            # As a function it takes three calls: the class says it better.
            made = call("GroupedLocalResponseNorm", P("groups"), P("size"), defaults=defaults, **options)
            return Form(module=made)
        return Form(
            module=call("nn.LocalResponseNorm", P("size"), defaults=defaults, **options),
            function=call("F.local_response_norm", X(), P("size"), defaults=defaults, **options),
        )

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        batch, channels, *spatial = output
        padded = batch * (channels + self.groups * (self.size - 1)) * prod(spatial)
        return 4 * (padded + 2 * prod(output))  # the padded squares, the divisor, and what it is the power of
