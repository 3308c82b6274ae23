"""Convolutions: by the input's rank 1d, 2d or 3d."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import ClassVar

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ir.shares import Shares
from archdsl.ops.apart import in_groups
from archdsl.ops.connect import links, need_table
from archdsl.ops.drawn import across, by, words
from archdsl.ops.form import Form, P, call
from archdsl.ops.op import Op, Refused, Size, State, Table, Window, op
from archdsl.ops.rules import (
    at_least,
    chosen,
    in_channels,
    need_groups,
    need_positive,
    need_spatial,
    need_weights,
    refuse_both,
)
from archdsl.ops.spatial import ceil_conv_size, conv_size, conv_transpose_size, sizes
from archdsl.ops.window import need_windows
from archdsl.record import KW_ONLY


class Convolution(Op):
    """What both directions share."""

    makes: ClassVar[Mapping[int, str]] = {1: "channels"}
    weights: ClassVar[tuple[str, ...] | None] = ("weight", "bias")
    verb: ClassVar[str] = "conv"

    channels: int
    kernel: int | Size
    _: KW_ONLY
    stride: int | Size = 1
    pad: int | Size = 0
    dilation: int | Size = 1
    groups: int = 1
    bias: bool = True

    def along(self, param: str, x: Shape) -> tuple[int, ...]:
        """A parameter's number for each spatial axis."""
        return sizes(getattr(self, param), x.rank - 2, op=self.name, param=param)

    def drawn(self, x: Shape) -> str:
        dilation = "" if set(self.along("dilation", x)) == {1} else f"dilation {across(self.dilation, 1)}"
        groups = "" if self.groups == 1 else f"{self.groups} groups"
        if 1 < self.groups == self.channels:
            groups = "depthwise"
        made = f"{across(self.kernel, x.rank - 2)} {self.verb}, {self.channels}"
        return words(made, by(self.stride) if self.verb == "conv" else f"x{by(self.stride)[1:]}", dilation, groups)

    def check(self, x: Shape) -> None:
        need_spatial(self, x)
        need_weights(self, x)
        at_least(self, 1, "channels", "kernel", "stride", "dilation", "groups")
        at_least(self, 0, "pad")
        need_groups(self.groups, input=in_channels(self, x), output=self.channels)

    @property
    def divided(self) -> bool:
        return True

    def apart(self, shares: Shares, x: Shape) -> Op:
        return in_groups(self, shares.split)

    def tensors(self, x: Shape, *maps: int) -> tuple[State, ...]:
        weight = State("weight", (*maps, *self.along("kernel", x)))
        return (weight, State("bias", (self.channels,))) if self.bias else (weight,)


@op("conv", role="conv")
class Conv(Convolution):
    """Convolve with learned kernels, over 1, 2 or 3 spatial axes by the input's rank.

    out = floor((in + 2 pad - dilation (kernel - 1) - 1) / stride) + 1 along each spatial axis
    With `ceil=true` it rounds up, as cuda-convnet2 did: zeros stand in for what the last windows lack behind the map.
    `connect` is a connection table: for each output map it lists the input maps that it sees (LeNet-5's C3). Every such
    link has one kernel, in that order.
    [N, C, H, W] -> [N, channels, H', W']; `groups` divides C and channels

    Example:
        input image: [N, 3, 224, 224]
        conv(64, 7x7, stride=2, pad=3)
        expect output == [N, 64, 112, 112]
        expect params == 64 * (3 * 7 * 7 + 1)
        expect macs == 64 * 3 * 7 * 7 * 112 * 112
    """

    ceil: bool = False
    connect: Table | None = None

    def shape(self, x: Shape) -> Shape:
        self.check(x)
        self._check_variant(x)
        kernel, stride, pad, dilation = (self.along(param, x) for param in ("kernel", "stride", "pad", "dilation"))
        size = ceil_conv_size if self.ceil else conv_size
        out = [size(*window) for window in zip(x.spatial, kernel, stride, pad, dilation)]
        need_windows(self, x, out, tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation)), pad)
        return Shape((x.dims[0], Dim.of(self.channels), *out), x.dtype)

    def _check_variant(self, x: Shape) -> None:
        """What `connect` and `ceil` don't go together with."""
        if self.connect is not None:
            need_table(self, self.connect, in_channels(self, x), self.channels)
            if self.groups > 1:
                refuse_both(self, "connect", "groups")
            if self.ceil:
                refuse_both(self, "connect", "ceil")
        if self.ceil and x.rank != 4:
            from archdsl.errors.ops import NotApplicable

            raise Refused(NotApplicable(self.name, "ceil", "true", "is for maps of 2 spatial axes"), param="ceil")

    @property
    def divided(self) -> bool:
        return self.connect is None

    @property
    def links(self) -> bool:
        return self.connect is not None

    def torch(self, x: Shape) -> Form:
        options = {"stride": P("stride"), "padding": P("pad"), "dilation": P("dilation")}
        defaults = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True}
        if self.connect is not None:
            kernel = self.along("kernel", x)
            del defaults["groups"]
            made = call(
                "ConnectedConv", x.dims[1], list(self.connect), kernel, **options, bias=P("bias"), defaults=defaults
            )
            return Form(module=made)
        cls = "CeilConv2d" if self.ceil else f"nn.Conv{x.rank - 2}d"
        options |= {"groups": P("groups"), "bias": P("bias")}
        return Form(module=call(cls, x.dims[1], P("channels"), P("kernel"), **options, defaults=defaults))

    def state(self, x: Shape) -> tuple[State, ...]:
        if self.connect is not None:
            return self.tensors(x, links(self.connect))
        return self.tensors(x, self.channels, in_channels(self, x) // self.groups)

    def macs(self, inputs: tuple[Size, ...], output: Size) -> int:
        batch, channels, *places = output
        kernels = channels * (inputs[0][1] // self.groups) if self.connect is None else links(self.connect)
        kernel = sizes(self.kernel, len(places), op=self.name, param="kernel")
        return batch * prod(places) * kernels * prod(kernel)

    def window(self, x: Shape) -> Window:
        reach = tuple(d * (k - 1) + 1 for k, d in zip(self.along("kernel", x), self.along("dilation", x)))
        return Window(reach, self.along("stride", x))


@op("conv_transpose", role="conv")
class ConvTranspose(Convolution):
    """The transpose of a convolution, which makes maps larger: each input position adds a kernel to the output.

    out = (in - 1) stride + dilation (kernel - 1) + output_pad + 1 - 2 pad along each spatial axis
    [N, C, H, W] -> [N, channels, H', W']; `groups` divides C and channels

    Example:
        input image: [N, 128, 28, 28]
        conv_transpose(64, 2x2, stride=2)
        expect output == [N, 64, 56, 56]
    """

    verb: ClassVar[str] = "up-conv"

    output_pad: int | Size = 0

    def shape(self, x: Shape) -> Shape:
        self.check(x)
        at_least(self, 0, "output_pad")
        names = ("kernel", "stride", "pad", "dilation", "output_pad")
        kernel, stride, pad, dilation, output_pad = (self.along(param, x) for param in names)
        for o, s, d in zip(output_pad, stride, dilation):
            if o >= max(s, d):
                from archdsl.errors.ops import OutputPadTooLarge

                raise Refused(OutputPadTooLarge(str(o), str(max(s, d) - 1)), param="output_pad")
        out = [conv_transpose_size(*window) for window in zip(x.spatial, kernel, stride, pad, dilation, output_pad)]
        self._need_output(x, out)
        return Shape((x.dims[0], Dim.of(self.channels), *out), x.dtype)

    def _need_output(self, x: Shape, out: list[Dim]) -> None:
        for i, size in enumerate(out):
            if decision := need_positive(size):
                from archdsl.errors.shapes import DoesNotFit

                at: Mapping[str, int] = decision.fails.sizes if decision.fails else {}
                reason = f"pad={self.along('pad', x)[i]} takes off all of it, and leaves {size.at(at)}"
                reason = f"at {chosen(at)}: {reason}" if at else reason
                raise Refused(DoesNotFit(self.name, repr(x), 2 + i, reason, "a smaller pad"), param="pad")

    def torch(self, x: Shape) -> Form:
        return Form(
            module=call(
                f"nn.ConvTranspose{x.rank - 2}d",
                x.dims[1],
                P("channels"),
                P("kernel"),
                stride=P("stride"),
                padding=P("pad"),
                output_padding=P("output_pad"),
                groups=P("groups"),
                bias=P("bias"),
                dilation=P("dilation"),
                defaults={"stride": 1, "padding": 0, "output_padding": 0, "groups": 1, "bias": True, "dilation": 1},
            )
        )

    def state(self, x: Shape) -> tuple[State, ...]:
        return self.tensors(x, in_channels(self, x), self.channels // self.groups)

    def macs(self, inputs: tuple[Size, ...], output: Size) -> int:
        kernel = sizes(self.kernel, len(output) - 2, op=self.name, param="kernel")
        return prod(inputs[0]) * (self.channels // self.groups) * prod(kernel)

    def window(self, x: Shape) -> Window:
        stride = self.along("stride", x)
        reach = (d * (k - 1) + 1 for k, d in zip(self.along("kernel", x), self.along("dilation", x)))
        return Window(tuple(-(-r // s) for r, s in zip(reach, stride)), (1,) * len(stride), stride)
