"""Initialisers: how a tensor starts. Each is declared once, by the name that `torch.nn.init` gives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, TypeVar, Union

from archdsl.ops.form import Call, X, call
from archdsl.ops.op import Param, read_params
from archdsl.record import KW_ONLY, Record

Nonlinearity = Literal["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]

Numbers = Union[int, float, bool, Sequence["Numbers"]]
"""A number for every element, or nested sequences of the tensor's own shape."""


class Init(Record):
    """Subclass it, name it with `@init("name")`, annotate the parameters, write `torch`. `X()` is the tensor."""

    name: ClassVar[str] = ""
    params: ClassVar[tuple[Param, ...]] = ()

    def torch(self) -> Call:
        """The call that fills the tensor in place."""
        raise NotImplementedError


Start = Union[Init, Numbers]
"""What a tensor holds before training."""

REGISTRY: dict[str, type[Init]] = {}

I = TypeVar("I", bound=type[Init])  # noqa: E741


def init(cls: I) -> I:
    """Register an initialiser under its class's name."""
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__)
    cls.name = words.lstrip("_")
    cls.params = read_params(cls)
    REGISTRY[cls.name] = cls
    return cls


def find(name: str) -> type[Init] | None:
    """The initialiser of that name, None if there is none."""
    return REGISTRY.get(name)


@init
class Zeros(Init):
    """Every element is 0."""

    def torch(self) -> Call:
        return call("nn.init.zeros_", X())


@init
class Ones(Init):
    """Every element is 1."""

    def torch(self) -> Call:
        return call("nn.init.ones_", X())


@init
class Constant(Init):
    """Every element is `value`."""

    value: float

    def torch(self) -> Call:
        return call("nn.init.constant_", X(), self.value)


@init
class Normal(Init):
    """Drawn from N(mean, std^2)."""

    mean: float = 0.0
    std: float = 1.0

    def torch(self) -> Call:
        return call("nn.init.normal_", X(), defaults={"mean": 0.0, "std": 1.0}, mean=self.mean, std=self.std)


@init
class TruncNormal(Init):
    """Drawn from N(mean, std^2), values outside [a, b] drawn again."""

    mean: float = 0.0
    std: float = 1.0
    a: float = -2.0
    b: float = 2.0

    def torch(self) -> Call:
        defaults = {"mean": 0.0, "std": 1.0, "a": -2.0, "b": 2.0}
        given = {name: getattr(self, name) for name in defaults}
        return call("nn.init.trunc_normal_", X(), defaults=defaults, **given)


@init
class Uniform(Init):
    """Drawn from U(a, b)."""

    a: float = 0.0
    b: float = 1.0

    def torch(self) -> Call:
        return call("nn.init.uniform_", X(), defaults={"a": 0.0, "b": 1.0}, a=self.a, b=self.b)


@init
class XavierNormal(Init):
    """Drawn from N(0, gain^2 * 2 / (fan_in + fan_out)) (Glorot and Bengio 2010)."""

    gain: float = 1.0

    def torch(self) -> Call:
        return call("nn.init.xavier_normal_", X(), defaults={"gain": 1.0}, gain=self.gain)


@init
class XavierUniform(Init):
    """Drawn from U(-a, a), a = gain * sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010)."""

    gain: float = 1.0

    def torch(self) -> Call:
        return call("nn.init.xavier_uniform_", X(), defaults={"gain": 1.0}, gain=self.gain)


@init
class KaimingNormal(Init):
    """Drawn from N(0, gain^2 / fan) (He et al. 2015, "Delving Deep into Rectifiers").

    fan:          in keeps the variance of the forward pass, out that of the backward pass.
    nonlinearity: what stands behind the layer; it gives the gain, sqrt(2) for relu.
    a:            the slope of a leaky_relu.
    """

    _: KW_ONLY
    fan: Literal["in", "out"] = "in"
    nonlinearity: Nonlinearity = "relu"
    a: float = 0.0

    def torch(self) -> Call:
        return _kaiming("nn.init.kaiming_normal_", self.fan, self.nonlinearity, self.a)


@init
class KaimingUniform(Init):
    """Drawn from U(-b, b), b = gain * sqrt(3 / fan); parameters as of `kaiming_normal`."""

    _: KW_ONLY
    fan: Literal["in", "out"] = "in"
    nonlinearity: Nonlinearity = "relu"
    a: float = 0.0

    def torch(self) -> Call:
        return _kaiming("nn.init.kaiming_uniform_", self.fan, self.nonlinearity, self.a)


def _kaiming(callee: str, fan: str, nonlinearity: str, a: float) -> Call:
    defaults = {"a": 0.0, "mode": "fan_in"}
    return call(callee, X(), defaults=defaults, a=a, mode=f"fan_{fan}", nonlinearity=nonlinearity)


@init
class Orthogonal(Init):
    """A (semi-)orthogonal matrix (Saxe et al. 2013), times `gain`."""

    gain: float = 1.0

    def torch(self) -> Call:
        return call("nn.init.orthogonal_", X(), defaults={"gain": 1.0}, gain=self.gain)


@init
class Identity(Init):
    """The identity mapping of a convolution: 1 at the kernel's centre from each map to itself, 0 elsewhere."""

    def torch(self) -> Call:
        return call("nn.init.dirac_", X())
