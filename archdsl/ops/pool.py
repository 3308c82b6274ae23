"""Pools: one number for each window, or, adaptively, windows for a given number of results."""

from __future__ import annotations

from math import prod
from typing import ClassVar, NamedTuple

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.drawn import across, by, words
from archdsl.ops.form import Form, P, X, call
from archdsl.ops.op import GLOBAL, Op, Refused, Size, Window, op
from archdsl.ops.rules import at_least, need_floats, need_rank, refuse_both, refuse_range
from archdsl.ops.spatial import pool_size, sizes
from archdsl.ops.window import need_windows
from archdsl.record import KW_ONLY


class Windows(NamedTuple):
    """A number for each spatial axis."""

    kernel: Size
    stride: Size
    pad: Size
    dilation: Size

    @property
    def reach(self) -> Size:
        """What a window spans."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation))

    def seen(self) -> Window:
        return Window(self.reach, self.stride)


def windows(
    op: Op, x: Shape, kernel: int | Size, stride: int | Size | None, pad: int | Size = 0, dilation: int | Size = 1
) -> Windows:
    """The parameters along each axis; the stride is the kernel by default."""
    rank = x.rank - 2
    along = sizes(kernel, rank, op=op.name, param="kernel")
    return Windows(
        along,
        along if stride is None else sizes(stride, rank, op=op.name, param="stride"),
        sizes(pad, rank, op=op.name, param="pad"),
        sizes(dilation, rank, op=op.name, param="dilation"),
    )


def pooled(op: Op, x: Shape, over: Windows, ceil: bool) -> Shape:
    """The shape behind a pool with a kernel. Maps are pooled one by one, whichever axis counts as their channels."""
    for pad, kernel in zip(over.pad, over.kernel):
        if pad > kernel // 2:
            from archdsl.errors.ops import PadTooLarge

            raise Refused(PadTooLarge(op.name, pad, kernel, kernel // 2), param="pad")
    out = [
        pool_size(n, k, s, p, d, ceil)
        for n, k, s, p, d in zip(x.spatial, over.kernel, over.stride, over.pad, over.dilation)
    ]
    need_windows(op, x, out, over.reach, over.pad)
    return Shape((*x.dims[:2], *out), x.dtype, x.channel_axis)


def need_kernel_within(op: Op, x: Shape, kernel: Size) -> None:
    """torch's average over 3 axes wants the kernel to fit without padding, and without `ceil`."""
    if x.rank == 5:
        out = [pool_size(n, k, 1) for n, k in zip(x.spatial, kernel)]
        need_windows(op, x, out, kernel, (0, 0, 0))


def need_maps(op: Op, x: Shape) -> None:
    need_rank(op, x, 3, 5, "[N, C, ...] with 1 to 3 spatial axes")
    need_floats(op, x)


class Pool(Op):
    """Max and average pools: by windows of `kernel`, or by the size that is to come `out`."""

    verb: ClassVar[str] = "pool"

    kernel: int | Size | None = None
    _: KW_ONLY
    stride: int | Size | None = None
    pad: int | Size = 0
    ceil: bool = False
    out: int | Size | None = None

    def windows(self, x: Shape) -> Windows:
        """For a pool with a kernel."""
        assert self.kernel is not None
        return windows(self, x, self.kernel, self.stride, self.pad)

    def shape(self, x: Shape) -> Shape:
        need_maps(self, x)
        if self.out is not None:
            return self._adapted(x, self.out)
        if self.kernel is None:
            from archdsl.errors.ops import NeedsOneOf

            raise Refused(NeedsOneOf(self.name, "kernel", "out"))
        at_least(self, 1, "kernel", "stride")
        at_least(self, 0, "pad")
        return pooled(self, x, self.windows(x), self.ceil)

    def _adapted(self, x: Shape, out: int | Size) -> Shape:
        for param in self.params:
            if param.name != "out" and getattr(self, param.name) != param.default:
                refuse_both(self, "out", param.name)
        at_least(self, 1, "out")
        along = sizes(out, x.rank - 2, op=self.name, param="out")
        return Shape((*x.dims[:2], *map(Dim.of, along)), x.dtype, x.channel_axis)

    def follows(self, axis: int, x: Shape) -> int | None:
        return 1 if axis == 1 else None

    def options(self) -> tuple[dict[str, object], dict[str, object]]:
        """torch's further arguments, and their defaults."""
        stride: dict[str, object] = {} if self.stride is None else {"stride": P("stride")}
        return {**stride, "padding": P("pad"), "ceil_mode": P("ceil")}, {"padding": 0, "ceil_mode": False}

    def form(self, x: Shape, module: str, function: str) -> Form:
        """Of the classes `nn.{module}2d` and functions `F.{function}2d`, and their adaptive relatives."""
        rank = x.rank - 2
        if self.out is not None:
            return Form(
                module=call(f"nn.Adaptive{module}{rank}d", P("out")),
                function=call(f"F.adaptive_{function}{rank}d", X(), P("out")),
            )
        options, defaults = self.options()
        return Form(
            module=call(f"nn.{module}{rank}d", P("kernel"), defaults=defaults, **options),
            function=call(f"F.{function}{rank}d", X(), P("kernel"), defaults=defaults, **options),
        )

    def drawn(self, x: Shape) -> str:
        if self.out is None:
            return words(f"{across(self.windows(x).kernel, 0)} {self.verb}", by(self.windows(x).stride))
        size = across(self.out, x.rank - 2)
        return f"global {self.verb}" if set(size.split("x")) == {"1"} else f"{self.verb} to {size}"

    def window(self, x: Shape) -> Window:
        return GLOBAL if self.out is not None else self.windows(x).seen()

    def fixed_in_onnx(self, x: Shape) -> bool:
        """ONNX has global pools, but none whose windows depend on the map."""
        if self.out is None or set(sizes(self.out, x.rank - 2, op=self.name, param="out")) == {1}:
            return False
        return any(dim.constant is None for dim in x.spatial)


@op("maxpool", role="pool")
class MaxPool(Pool):
    """The largest number of each window.

    out = floor((in + 2 pad - dilation (kernel - 1) - 1) / stride) + 1 along each spatial axis; with `ceil=true`
    rounded up, less a last window that would start in the padding. The stride is the kernel by default.
    With `out` alone the windows divide the map into so many parts.
    [N, C, H, W] -> [N, C, H', W']

    Example:
        input image: [N, 64, 112, 112]
        maxpool(3x3, stride=2, pad=1)
        expect output == [N, 64, 56, 56]
    """

    verb: ClassVar[str] = "max pool"

    dilation: int | Size = 1

    def windows(self, x: Shape) -> Windows:
        assert self.kernel is not None
        at_least(self, 1, "dilation")
        return windows(self, x, self.kernel, self.stride, self.pad, self.dilation)

    def options(self) -> tuple[dict[str, object], dict[str, object]]:
        options, defaults = super().options()
        return {**options, "dilation": P("dilation")}, {**defaults, "dilation": 1}

    def torch(self, x: Shape) -> Form:
        return self.form(x, "MaxPool", "max_pool")

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return 8 * prod(output)  # where each window's largest number is


@op("avgpool", role="pool")
class AvgPool(Pool):
    """The mean of each window.

    out = floor((in + 2 pad - kernel) / stride) + 1 along each spatial axis; with `ceil=true` rounded up, less a last
    window that would start in the padding. The stride is the kernel by default. `count_pad=false` leaves the padding
    out of the mean. With `out` alone the windows divide the map into so many parts; `out=1x1` is the mean of a map.
    [N, C, H, W] -> [N, C, H', W']

    Example:
        input image: [N, 2048, 7, 7]
        avgpool(out=1x1)
        expect output == [N, 2048, 1, 1]
    """

    verb: ClassVar[str] = "avg pool"

    count_pad: bool = True

    def windows(self, x: Shape) -> Windows:
        over = super().windows(x)
        need_kernel_within(self, x, over.kernel)
        return over

    def options(self) -> tuple[dict[str, object], dict[str, object]]:
        options, defaults = super().options()
        return {**options, "count_include_pad": P("count_pad")}, {**defaults, "count_include_pad": True}

    def torch(self, x: Shape) -> Form:
        return self.form(x, "AvgPool", "avg_pool")

    def needs_input(self) -> bool:
        # The mean of a whole map is a sum, whose gradient needs the size alone.
        return self.out is None or set(self.out if isinstance(self.out, tuple) else (self.out,)) != {1}


@op("lppool", role="pool")
class LpPool(Op):
    """The p-norm of each window: (sum x^p)^(1/p), with p = norm_type. 1 is the sum, and large p near the maximum.

    out = floor((in - kernel) / stride) + 1 along each spatial axis; with `ceil=true` rounded up. The stride is the
    kernel by default.
    [N, C, H, W] -> [N, C, H', W']

    Example:
        input image: [N, 16, 10, 10]
        lppool(2x2, norm_type=2)
        expect output == [N, 16, 5, 5]
    """

    kernel: int | Size
    _: KW_ONLY
    norm_type: float = 2.0
    stride: int | Size | None = None
    ceil: bool = False

    def shape(self, x: Shape) -> Shape:
        need_maps(self, x)
        at_least(self, 1, "kernel", "stride")
        if self.norm_type <= 0:
            refuse_range(self, "norm_type", "above 0")
        over = windows(self, x, self.kernel, self.stride)
        need_kernel_within(self, x, over.kernel)
        return pooled(self, x, over, self.ceil)

    def follows(self, axis: int, x: Shape) -> int | None:
        return 1 if axis == 1 else None

    def torch(self, x: Shape) -> Form:
        stride = {} if self.stride is None else {"stride": P("stride")}
        options = {**stride, "ceil_mode": P("ceil")}
        sized = P("norm_type"), P("kernel")
        return Form(
            module=call(f"nn.LPPool{x.rank - 2}d", *sized, defaults={"ceil_mode": False}, **options),
            function=call(f"F.lp_pool{x.rank - 2}d", X(), *sized, defaults={"ceil_mode": False}, **options),
        )

    def drawn(self, x: Shape) -> str:
        over = windows(self, x, self.kernel, self.stride)
        power = "sum" if self.norm_type == 1 else f"L{self.norm_type:g}"
        return words(f"{across(over.kernel, 0)} {power} pool", by(over.stride))

    def window(self, x: Shape) -> Window:
        return windows(self, x, self.kernel, self.stride).seen()

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return 4 * (prod(inputs[0]) + 4 * prod(output))  # it is made of powers, a mean and a root
