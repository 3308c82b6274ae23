"""Convolutions: by the input's rank 1d, 2d or 3d."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, P, call
from archdsl.ops.op import Op, State, Window, op
from archdsl.ops.spatial import conv_size, sizes
from archdsl.record import KW_ONLY


@op("conv", role="conv")
class Conv(Op):
    """Convolve with learned kernels, over 1, 2 or 3 spatial axes by the input's rank.

    out = floor((in + 2 pad - dilation (kernel - 1) - 1) / stride) + 1 along each spatial axis
    [N, C, H, W] -> [N, channels, H', W']

    Example:
        input image: [N, 3, 224, 224]
        conv(64, 7x7, stride=2, pad=3)
        expect output == [N, 64, 112, 112]
    """

    makes: ClassVar[Mapping[int, str]] = {1: "channels"}

    channels: int
    kernel: Size
    _: KW_ONLY
    stride: Size = 1
    pad: Size = 0
    dilation: Size = 1
    groups: int = 1
    bias: bool = True

    def shape(self, x: Shape) -> Shape: ...
    def torch(self, x: Shape) -> Form:
        return Form(
            module=call(
                f"nn.Conv{x.rank - 2}d",
                x.dims[1],
                P("channels"),
                P("kernel"),
                stride=P("stride"),
                padding=P("pad"),
                dilation=P("dilation"),
                groups=P("groups"),
                bias=P("bias"),
                defaults={"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True},
            )
        )
