"""Initialisers: how a tensor starts. Each is declared once, by the name that `torch.nn.init` gives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, NoReturn, TypeVar, Union

from archdsl.ops.form import Call, X, call
from archdsl.ops.op import Param, Refused, read_params
from archdsl.record import KW_ONLY, Record

Numbers = Union[int, float, bool, Sequence["Numbers"]]
"""A number for every element, or nested sequences of the tensor's own shape."""


MANY = 64
"""More axes than any tensor has."""


class Init(Record):
    """Subclass it, decorate with `@init`, annotate the parameters, write `torch`. The docstring is its reference."""

    name: ClassVar[str] = ""
    params: ClassVar[tuple[Param, ...]] = ()
    axes: ClassVar[tuple[int, int]] = (0, MANY)
    """The fewest and the most axes that a tensor may have which it starts."""
    random: ClassVar[bool] = True
    """It draws random numbers, so that what is drawn afterwards depends on it."""

    def check(self) -> None:
        """Parameters that make no sense raise `Refused`."""

    def torch(self, axes: int, groups: int = 1) -> Call | None:
        """The call that fills the tensor `X()` in place; None leaves it as PyTorch's own constructor made it.

        axes:   how many the tensor has.
        groups: of the convolution that it belongs to.
        """
        raise NotImplementedError

    @property
    def bias(self) -> Init | None:
        """What a layer's bias starts from where this is said of the layer as a whole; None: nothing is said of it."""
        return None

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))

    def refuse(self, param: str, allowed: str) -> NoReturn:
        """`{param}` of `{name}` must be {allowed}."""
        from archdsl.errors.ops import OutOfRange

        raise Refused(OutOfRange(self.name, param, allowed, str(getattr(self, param))), param=param)


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


def wants(start: Init | type[Init]) -> str:
    """How many axes it takes, in words."""
    least, most = start.axes
    return f"{least} to {most} axes" if most < MANY else f"{least} axes or more"


@init
class Default(Init):
    """As PyTorch's constructor makes it: takes back an earlier rule, for the bias too where the layer is meant."""

    random: ClassVar[bool] = False

    def torch(self, axes: int, groups: int = 1) -> None:
        return None

    @property
    def bias(self) -> Init:
        return self


@init
class Constant(Init):
    """Every element is `value`. `constant(weight=1, bias=0)` says it of several tensors of a layer."""

    random: ClassVar[bool] = False

    value: float

    def torch(self, axes: int, groups: int = 1) -> Call:
        short = {0.0: "nn.init.zeros_", 1.0: "nn.init.ones_"}.get(self.value)
        return call(short, X()) if short else call("nn.init.constant_", X(), self.value)


@init
class Zeros(Init):
    """Every element is 0."""

    random: ClassVar[bool] = False

    def torch(self, axes: int, groups: int = 1) -> Call:
        return call("nn.init.zeros_", X())


@init
class Ones(Init):
    """Every element is 1."""

    random: ClassVar[bool] = False

    def torch(self, axes: int, groups: int = 1) -> Call:
        return call("nn.init.ones_", X())


@init
class Normal(Init):
    """Drawn from N(mean, std^2)."""

    mean: float = 0.0
    std: float = 1.0

    def check(self) -> None:
        if self.std < 0:
            self.refuse("std", "0 or above")

    def torch(self, axes: int, groups: int = 1) -> Call:
        return call("nn.init.normal_", X(), defaults={"mean": 0.0, "std": 1.0}, mean=self.mean, std=self.std)


@init
class TruncNormal(Init):
    """Drawn from N(mean, std^2), cut off at `a` and `b`; these are values, not multiples of std."""

    mean: float = 0.0
    std: float = 1.0
    a: float = -2.0
    b: float = 2.0

    def check(self) -> None:
        if self.std <= 0:
            self.refuse("std", "above 0")
        if self.a >= self.b:
            self.refuse("b", f"above a, which is {self.a}")

    def torch(self, axes: int, groups: int = 1) -> Call:
        defaults = {"mean": 0.0, "std": 1.0, "a": -2.0, "b": 2.0}
        given = {name: getattr(self, name) for name in defaults}
        return call("nn.init.trunc_normal_", X(), defaults=defaults, **given)


@init
class Uniform(Init):
    """Drawn from U(a, b)."""

    a: float = 0.0
    b: float = 1.0

    def check(self) -> None:
        if self.a > self.b:
            self.refuse("b", f"at least a, which is {self.a}")

    def torch(self, axes: int, groups: int = 1) -> Call:
        return call("nn.init.uniform_", X(), defaults={"a": 0.0, "b": 1.0}, a=self.a, b=self.b)


class Scaled(Init):
    """What is scaled by the numbers of inputs and outputs of each unit: the tensor has two axes or more."""

    axes: ClassVar[tuple[int, int]] = (2, MANY)


@init
class XavierNormal(Scaled):
    """Drawn from N(0, gain^2 * 2 / (fan_in + fan_out)) (Glorot and Bengio 2010)."""

    gain: float = 1.0

    def torch(self, axes: int, groups: int = 1) -> Call:
        return call("nn.init.xavier_normal_", X(), defaults={"gain": 1.0}, gain=self.gain)


@init
class XavierUniform(Scaled):
    """Drawn from U(-a, a), a = gain * sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010)."""

    gain: float = 1.0

    def torch(self, axes: int, groups: int = 1) -> Call:
        return call("nn.init.xavier_uniform_", X(), defaults={"gain": 1.0}, gain=self.gain)


class Kaiming(Scaled):
    """What both of He's share."""

    _: KW_ONLY
    fan: Literal["in", "out"] = "in"
    nonlinearity: Literal["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"] = "relu"
    a: float = 0.0

    def call(self, callee: str) -> Call:
        """With the names that torch.nn.init has for the parameters."""
        defaults = {"a": 0.0, "mode": "fan_in"}
        mode = f"fan_{self.fan}"
        return call(callee, X(), defaults=defaults, a=self.a, mode=mode, nonlinearity=self.nonlinearity)


@init
class KaimingNormal(Kaiming):
    """Drawn from N(0, gain^2 / fan) (He et al. 2015, "Delving Deep into Rectifiers").

    fan:          in keeps the variance of the forward pass, out that of the backward pass.
    nonlinearity: what stands behind the layer; it gives the gain, sqrt(2) for relu.
    a:            the slope of a leaky_relu.
    """

    def torch(self, axes: int, groups: int = 1) -> Call:
        return self.call("nn.init.kaiming_normal_")


@init
class KaimingUniform(Kaiming):
    """Drawn from U(-b, b), b = gain * sqrt(3 / fan); parameters as of `kaiming_normal`."""

    def torch(self, axes: int, groups: int = 1) -> Call:
        return self.call("nn.init.kaiming_uniform_")


@init
class Orthogonal(Init):
    """A (semi-)orthogonal matrix (Saxe et al. 2013), times `gain`."""

    axes: ClassVar[tuple[int, int]] = (2, MANY)

    gain: float = 1.0

    def torch(self, axes: int, groups: int = 1) -> Call:
        return call("nn.init.orthogonal_", X(), defaults={"gain": 1.0}, gain=self.gain)


@init
class Identity(Init):
    """The identity mapping: 1 from each map to itself, for a convolution at the kernel's centre, 0 elsewhere.

    Said of a layer as a whole, its bias starts at 0, or it would not be the identity.
    """

    axes: ClassVar[tuple[int, int]] = (2, 5)
    random: ClassVar[bool] = False

    def torch(self, axes: int, groups: int = 1) -> Call:
        if axes == 2:
            return call("nn.init.eye_", X())
        return call("nn.init.dirac_", X(), defaults={"groups": 1}, groups=groups)

    @property
    def bias(self) -> Init:
        return Zeros()
