"""Activations that are linear in pieces, and those that bend at zero."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from archdsl.ir.shape import Shape
from archdsl.ops.elementwise import Elementwise
from archdsl.ops.form import Form, P, Training, X, call
from archdsl.ops.op import Size, State, op
from archdsl.ops.rules import in_channels, need_weights, refuse_range


@op("relu", role="activation")
class Relu(Elementwise):
    """Keep what is positive: max(0, x).

    Shape: any, unchanged.

    Example:
        input image: [N, 64, 56, 56]
        relu
        expect output == [N, 64, 56, 56]
    """

    module: ClassVar[str] = "ReLU"
    function: ClassVar[str] = "F.relu"
    overwrites: ClassVar[bool] = True
    keeps_output: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False


@op("relu6", role="activation")
class Relu6(Elementwise):
    """Keep what lies between 0 and 6: min(max(0, x), 6).

    Shape: any, unchanged.

    Example:
        input image: [N, 32, 112, 112]
        relu6
        expect output == [N, 32, 112, 112]
    """

    module: ClassVar[str] = "ReLU6"
    function: ClassVar[str] = "F.relu6"
    overwrites: ClassVar[bool] = True


@op("leaky_relu", role="activation")
class LeakyRelu(Elementwise):
    """Let a little of what is negative through: x where x > 0, else negative_slope x.

    Shape: any, unchanged.

    Example:
        input image: [N, 32, 416, 416]
        leaky_relu(0.1)
        expect output == [N, 32, 416, 416]
    """

    module: ClassVar[str] = "LeakyReLU"
    function: ClassVar[str] = "F.leaky_relu"

    negative_slope: float = 0.01

    @property
    def overwrites(self) -> bool:  # type: ignore[override]
        """The backward pass in place tells the sides apart by the output's sign."""
        return self.negative_slope >= 0


@op("prelu", role="activation")
class Prelu(Elementwise):
    """A leaky ReLU whose slope is learned: x where x > 0, else weight x.

    One slope for all, or one for each channel; `slope` is what they start from.
    Shape: any, unchanged; with `channels=true`, [N, C, ...].

    Example:
        input image: [N, 64, 56, 56]
        prelu(channels=true)
        expect output == [N, 64, 56, 56]
        expect params == 64
    """

    weights: ClassVar[tuple[str, ...] | None] = ("weight",)

    channels: bool = False
    slope: float = 0.25

    def shape(self, x: Shape) -> Shape:
        need_weights(self, x)
        if self.channels:
            in_channels(self, x)
        return x

    def torch(self, x: Shape) -> Form:
        return Form(
            module=call(
                "nn.PReLU",
                num_parameters=x.dims[1] if self.channels else 1,
                init=P("slope"),
                defaults={"num_parameters": 1, "init": 0.25},
            )
        )

    def state(self, x: Shape) -> tuple[State, ...]:
        return (State("weight", (in_channels(self, x) if self.channels else 1,)),)


@op("rrelu", role="activation")
class Rrelu(Elementwise):
    """A leaky ReLU with random slopes: x where x > 0, else a x.

    In training each a is drawn between lower and upper, otherwise it is their mean.
    Shape: any, unchanged.

    Example:
        input image: [N, 64, 56, 56]
        rrelu(0.1, 0.3)
        expect output == [N, 64, 56, 56]
    """

    lower: float = 1 / 8
    upper: float = 1 / 3

    def check(self) -> None:
        if self.lower > self.upper:
            refuse_range(self, "lower", f"at most `upper` = {self.upper:g}")

    def torch(self, x: Shape) -> Form:
        defaults = {"lower": 1 / 8, "upper": 1 / 3}
        bounds = {"lower": P("lower"), "upper": P("upper")}
        return Form(
            module=call("nn.RReLU", defaults=defaults, **bounds),
            function=call("F.rrelu", X(), defaults=defaults, **bounds, training=Training()),
            # Outside training the mean slope counts, and the backward pass in place reads the sign off the output.
            inplace=self.lower + self.upper >= 0,
        )

    @property
    def draws(self) -> bool:
        return True  # on the CPU for negative numbers only, so how many depends on them: there is no `noise`

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return 4 * prod(output)  # the slopes drawn


@op("elu", role="activation")
class Elu(Elementwise):
    """Bend negative values towards -alpha: x where x > 0, else alpha (exp(x) - 1).

    Shape: any, unchanged.

    Example:
        input image: [N, 64, 56, 56]
        elu
        expect output == [N, 64, 56, 56]
    """

    module: ClassVar[str] = "ELU"
    function: ClassVar[str] = "F.elu"

    alpha: float = 1.0

    @property
    def overwrites(self) -> bool:  # type: ignore[override]
        """The backward pass in place reads the derivative off the output."""
        return self.alpha >= 0


@op("selu", role="activation")
class Selu(Elementwise):
    """The self-normalising ELU: scale (x where x > 0, else alpha (exp(x) - 1)).

    alpha = 1.6732632423543772, scale = 1.0507009873554805
    Shape: any, unchanged.

    Example:
        input features: [N, 256]
        selu
        expect output == [N, 256]
    """

    module: ClassVar[str] = "SELU"
    function: ClassVar[str] = "F.selu"
    overwrites: ClassVar[bool] = True


@op("celu", role="activation")
class Celu(Elementwise):
    """An ELU whose slope at 0 is 1 for every alpha: max(0, x) + min(0, alpha (exp(x / alpha) - 1)).

    Shape: any, unchanged.

    Example:
        input image: [N, 64, 56, 56]
        celu(0.5)
        expect output == [N, 64, 56, 56]
    """

    module: ClassVar[str] = "CELU"
    function: ClassVar[str] = "F.celu"

    alpha: float = 1.0

    @property
    def overwrites(self) -> bool:  # type: ignore[override]
        """As for ELU."""
        return self.alpha > 0

    def check(self) -> None:
        if self.alpha == 0:
            refuse_range(self, "alpha", "other than 0")


@op("hardtanh", role="activation")
class Hardtanh(Elementwise):
    """Clip: min(max(min_val, x), max_val).

    Shape: any, unchanged.

    Example:
        input image: [N, 64, 56, 56]
        hardtanh(-2.0, 2.0)
        expect output == [N, 64, 56, 56]
    """

    module: ClassVar[str] = "Hardtanh"
    function: ClassVar[str] = "F.hardtanh"
    overwrites: ClassVar[bool] = True

    min_val: float = -1.0
    max_val: float = 1.0

    def check(self) -> None:
        if self.min_val >= self.max_val:
            refuse_range(self, "min_val", f"below `max_val` = {self.max_val:g}")


@op("threshold", role="activation")
class Threshold(Elementwise):
    """Keep what exceeds the threshold, put `value` for the rest: x where x > threshold, else value.

    Shape: any, unchanged.

    Example:
        input image: [N, 64, 56, 56]
        threshold(0.1, 0)
        expect output == [N, 64, 56, 56]
    """

    module: ClassVar[str] = "Threshold"
    function: ClassVar[str] = "F.threshold"
    overwrites: ClassVar[bool] = True

    threshold: float
    value: float

    def torch(self, x: Shape) -> Form:
        bounds = P("threshold"), P("value")
        return Form(
            module=call("nn.Threshold", *bounds), function=call("F.threshold", X(), *bounds), inplace=self.overwrites
        )


@op("hardshrink", role="activation")
class Hardshrink(Elementwise):
    """Zero what is near zero: x where |x| > lambd, else 0.

    Shape: any, unchanged.

    Example:
        input image: [N, 64, 56, 56]
        hardshrink
        expect output == [N, 64, 56, 56]
    """

    module: ClassVar[str] = "Hardshrink"
    function: ClassVar[str] = "F.hardshrink"

    lambd: float = 0.5


@op("softshrink", role="activation")
class Softshrink(Elementwise):
    """Move towards zero by lambd: x - lambd where x > lambd, x + lambd where x < -lambd, else 0.

    Shape: any, unchanged.

    Example:
        input image: [N, 64, 56, 56]
        softshrink(0.25)
        expect output == [N, 64, 56, 56]
    """

    module: ClassVar[str] = "Softshrink"
    function: ClassVar[str] = "F.softshrink"

    lambd: float = 0.5

    def check(self) -> None:
        if self.lambd < 0:
            refuse_range(self, "lambd", "at least 0")
