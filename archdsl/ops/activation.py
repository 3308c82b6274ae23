"""Smooth activations, and the cheap stand-ins for them."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar, Literal

from archdsl.ir.shape import Shape
from archdsl.ops.elementwise import Elementwise
from archdsl.ops.form import Form, P, X, call
from archdsl.ops.op import Size, op
from archdsl.ops.rules import refuse_range


@op("gelu", role="activation")
class Gelu(Elementwise):
    """Weigh a number by the chance that a standard normal one is smaller: x Phi(x).

    With `approximate=tanh`: x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
    Shape: any, unchanged.

    Example:
        input tokens: [N, 197, 3072]
        gelu(approximate=tanh)
        expect output == [N, 197, 3072]
    """

    approximate: Literal["tanh"] | None = None

    def torch(self, x: Shape) -> Form:
        # torch calls the exact form "none"; it is the default, so it need not be written.
        given: dict[str, Any] = {"approximate": P("approximate")} if self.approximate else {}
        return Form(module=call("nn.GELU", **given), function=call("F.gelu", X(), **given))


@op("silu", role="activation")
class Silu(Elementwise):
    """Also called swish: x sigmoid(x).

    Shape: any, unchanged.

    Example:
        input image: [N, 32, 112, 112]
        silu
        expect output == [N, 32, 112, 112]
    """

    module: ClassVar[str] = "SiLU"
    function: ClassVar[str] = "F.silu"
    overwrites: ClassVar[bool] = True


@op("mish", role="activation")
class Mish(Elementwise):
    """x tanh(softplus(x)).

    Shape: any, unchanged.

    Example:
        input image: [N, 32, 416, 416]
        mish
        expect output == [N, 32, 416, 416]
    """

    module: ClassVar[str] = "Mish"
    function: ClassVar[str] = "F.mish"
    overwrites: ClassVar[bool] = True


@op("sigmoid", role="activation")
class Sigmoid(Elementwise):
    """Squash to between 0 and 1: 1 / (1 + exp(-x)).

    Shape: any, unchanged.

    Example:
        input features: [N, 10]
        sigmoid
        expect output == [N, 10]
    """

    module: ClassVar[str] = "Sigmoid"
    function: ClassVar[str] = "torch.sigmoid"
    keeps_output: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False


@op("tanh", role="activation")
class Tanh(Elementwise):
    """Squash to between -1 and 1: (exp(x) - exp(-x)) / (exp(x) + exp(-x)).

    Shape: any, unchanged.

    Example:
        input image: [N, 6, 28, 28]
        tanh
        expect output == [N, 6, 28, 28]
    """

    module: ClassVar[str] = "Tanh"
    function: ClassVar[str] = "torch.tanh"
    keeps_output: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False


@op("hardsigmoid", role="activation")
class Hardsigmoid(Elementwise):
    """A sigmoid in three pieces: min(max(0, x / 6 + 1/2), 1).

    Shape: any, unchanged.

    Example:
        input image: [N, 72, 1, 1]
        hardsigmoid
        expect output == [N, 72, 1, 1]
    """

    module: ClassVar[str] = "Hardsigmoid"
    function: ClassVar[str] = "F.hardsigmoid"
    overwrites: ClassVar[bool] = True


@op("hardswish", role="activation")
class Hardswish(Elementwise):
    """The cheap SiLU: x hardsigmoid(x).

    Shape: any, unchanged.

    Example:
        input image: [N, 16, 112, 112]
        hardswish
        expect output == [N, 16, 112, 112]
    """

    module: ClassVar[str] = "Hardswish"
    function: ClassVar[str] = "F.hardswish"
    overwrites: ClassVar[bool] = True


@op("tanhshrink", role="activation")
class Tanhshrink(Elementwise):
    """What tanh leaves of a number: x - tanh(x).

    Shape: any, unchanged.

    Example:
        input features: [N, 64]
        tanhshrink
        expect output == [N, 64]
    """

    module: ClassVar[str] = "Tanhshrink"
    function: ClassVar[str] = "F.tanhshrink"
    keeps_input: ClassVar[bool] = False

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return 4 * prod(output)  # the tanh


@op("softplus", role="activation")
class Softplus(Elementwise):
    """A smooth ReLU: log(1 + exp(beta x)) / beta.

    Where beta x exceeds the threshold it is x itself, which is the same up to rounding.
    Shape: any, unchanged.

    Example:
        input features: [N, 64]
        softplus
        expect output == [N, 64]
    """

    module: ClassVar[str] = "Softplus"
    function: ClassVar[str] = "F.softplus"

    beta: float = 1.0
    threshold: float = 20.0

    def check(self) -> None:
        if self.beta <= 0:
            refuse_range(self, "beta", "above 0")


@op("softsign", role="activation")
class Softsign(Elementwise):
    """Squash to between -1 and 1, slower than tanh: x / (1 + |x|).

    Shape: any, unchanged.

    Example:
        input features: [N, 64]
        softsign
        expect output == [N, 64]
    """

    module: ClassVar[str] = "Softsign"
    function: ClassVar[str] = "F.softsign"

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return 4 * prod(output)  # 1 + |x|


@op("logsigmoid", role="activation")
class Logsigmoid(Elementwise):
    """The logarithm of the sigmoid, without its overflow: log(1 / (1 + exp(-x))).

    Shape: any, unchanged.

    Example:
        input features: [N, 64]
        logsigmoid
        expect output == [N, 64]
    """

    module: ClassVar[str] = "LogSigmoid"
    function: ClassVar[str] = "F.logsigmoid"

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return 4 * prod(output)
