"""What acts in training only, and outside it leaves its input alone."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.form import Axis, Form, Infix, P, Training, X, call
from archdsl.ops.noise import Noise
from archdsl.ops.op import Op, Size, op
from archdsl.ops.rules import need_channels, need_floats, need_probability, need_spatial


class Random(Op):
    """Drops with probability `p`."""

    keeps_input: ClassVar[bool] = False

    p: float = 0.5

    def shape(self, x: Shape) -> Shape:
        need_floats(self, x)
        need_probability(self)
        return x

    def follows(self, axis: int, x: Shape) -> int | None:
        return axis

    @property
    def draws(self) -> bool:
        return self.p > 0

    def mask_bytes(self, drawn: Size) -> int:
        """What is drawn for each place of a shape, where something is."""
        return 4 * prod(drawn) if self.p else 0


@op("dropout", role="regularise")
class Dropout(Random):
    """In training, zero each number with probability p and scale the others by 1 / (1 - p).

    With `channels=true` whole maps are zeroed.
    Shape: any, unchanged; with `channels=true`, [N, C, L], [N, C, H, W] or [N, C, D, H, W].

    Example:
        input features: [N, 4096]
        dropout(0.5)
        expect output == [N, 4096]
    """

    channels: bool = False

    def shape(self, x: Shape) -> Shape:
        if self.channels:
            need_spatial(self, x)
        return super().shape(x)

    def torch(self, x: Shape) -> Form:
        maps = f"{x.rank - 2}d" if self.channels else ""
        return Form(
            module=call(f"nn.Dropout{maps}", P("p")),
            function=call(f"F.dropout{maps}", X(), P("p"), Training()),
            inplace=True,
        )

    def noise(self, x: Shape) -> Noise:
        return _of_maps(f"dropout{x.rank - 2}d", self.p, x) if self.channels else Noise("dropout", self.p, x.dims)

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return self.mask_bytes(output[:2] if self.channels else output)


@op("alpha_dropout", role="regularise")
class AlphaDropout(Random):
    """The dropout for SELU: in training, set numbers to SELU's limit, and keep mean and variance.

    With `channels=true` whole maps are dropped.
    Shape: any, unchanged; with `channels=true`, [N, C, ...].

    Example:
        input features: [N, 256]
        selu -> alpha_dropout(0.1)
        expect output == [N, 256]
    """

    channels: bool = False

    def shape(self, x: Shape) -> Shape:
        if self.channels:
            need_channels(self, x)
        return super().shape(x)

    def torch(self, x: Shape) -> Form:
        module, function = (
            ("FeatureAlphaDropout", "feature_alpha_dropout") if self.channels else ("AlphaDropout", "alpha_dropout")
        )
        return Form(
            module=call(f"nn.{module}", P("p")), function=call(f"F.{function}", X(), P("p"), Training()), inplace=True
        )

    def noise(self, x: Shape) -> Noise:
        if self.channels:
            return _of_maps("feature_alpha_dropout", self.p, x)
        return Noise("alpha_dropout", self.p, x.dims)

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return self.mask_bytes(output[:2] if self.channels else output)


@op("drop_path", role="regularise")
class DropPath(Random):
    """Stochastic depth: in training, zero a sample with probability p and scale the others by 1 / (1 - p).

    `residual(drop=p) { }` puts it behind its body.
    Shape: any, unchanged.

    Example:
        input image: [N, 96, 56, 56]
        residual { conv(96, 7x7, pad=3, groups=96) -> drop_path(0.1) }
        expect output == [N, 96, 56, 56]
    """

    def torch(self, x: Shape) -> Form:
        # Dropout on a factor for each sample: no class is needed, and it draws the same numbers as torchvision's.
        factor = call(".new_ones", X(), Axis(0), *(1 for _ in x.dims[1:]))
        return Form(function=Infix("*", X(), call("F.dropout", factor, P("p"), Training())))

    def noise(self, x: Shape) -> Noise:
        return Noise("dropout", self.p, (x.dims[0], *[Dim.of(1)] * (x.rank - 1)))

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return 4 * output[0]


def _of_maps(function: str, p: float, x: Shape) -> Noise:
    """Drawn once for each map."""
    return Noise(function, p, (*x.dims[:2], *[Dim.of(1)] * (x.rank - 2)))
