"""What an op is. One class declares everything about it: parameters, docs, shapes, PyTorch form, state, cost, role.

An op is a `Record`: its fields are its parameters. Rules get shapes and return values; they never see syntax. A rule
that refuses raises `Refused`, which names the *parameter* or operand at fault; the elaborator maps it to the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from archdsl.diagnostic import Error, Help
from archdsl.ir.shape import Shape
from archdsl.ops.form import Form
from archdsl.record import Record

if TYPE_CHECKING:
    from archdsl.ir.shares import Shares
    from archdsl.ops.noise import Noise

Size = tuple[int, ...]
"""`3x3`; a plain number means the same in every direction."""

Axes = tuple[int, ...]
"""An int or a list of ints: one axis, or several."""

Table = tuple[tuple[int, ...], ...]
"""`[[0, 1], [1, 2, 3]]`: rows of ints, each of its own length."""

AxisSizes = tuple[tuple[str, int], ...]
"""Integers by names that the user makes up: `rearrange("n (g c) h w -> n (c g) h w", g=2)`."""

MANY = -1
"""Takes two operands or more."""


class Refused(Exception):
    """An op's rule says no. `param` names the parameter to blame, `operand` the input; neither: the step itself."""

    def __init__(
        self, error: Error, *, param: str | None = None, operand: int | None = None, helps: tuple[Help, ...] = ()
    ) -> None:
        super().__init__(error)
        self.error = error
        self.param = param
        self.operand = operand
        self.helps = helps


class Undecided(Record):
    """Two sizes that the budget did not suffice to compare: along `axis` of operands `left` and `right`."""

    axis: int
    left: int
    right: int


_undecided: ContextVar[tuple[Undecided, ...]] = ContextVar("undecided", default=())


def undecided(axis: int, left: int, right: int) -> None:
    """Said by a `shape` rule that accepts two sizes it could not decide on: they are to be compared at run time."""
    _undecided.set((*_undecided.get(), Undecided(axis, left, right)))


def take_undecided() -> tuple[Undecided, ...]:
    """What rules said since the last call; whoever calls `shape` takes it behind each call."""
    if found := _undecided.get():
        _undecided.set(())
    return found


class Param(Record):
    """A parameter, read off a field: its type by name, whether `none` is allowed, the words it may be."""

    name: str
    kind: str
    """int, float, bool, str, Size (a number or `3x3`), ints (a list of ints), Axes, Table, word (one of `choices`), or
    AxisSizes: all arguments by other names than the op's own, as `(("g", 2),)`."""
    optional: bool
    choices: tuple[str, ...]
    required: bool
    default: object
    keyword_only: bool


class State(Record):
    """A tensor of the op's module. `trainable` false: a buffer."""

    name: str
    shape: tuple[int, ...]
    trainable: bool = True
    dtype: str = "float32"


class Window(Record):
    """What one output element sees of the input, per spatial axis. `GLOBAL` is `Window((), ())`.

    extent: input elements seen.
    stride: input elements from one output element to the next ...
    up:     ... or, for what makes maps larger, to the `up`-th next; () means 1 along each axis.
    """

    extent: tuple[int, ...]
    stride: tuple[int, ...]
    up: tuple[int, ...] = ()


GLOBAL = Window((), ())


class Op(Record):
    """Subclass it, decorate with `@op("name", role=...)`, annotate the parameters, write `shape` and `torch`.

    The docstring is the reference page: what it does, the formula, the shapes, an indented example spec under
    `Example:` that a test runs.
    """

    name: ClassVar[str] = ""
    role: ClassVar[str] = ""
    """Its kind in diagrams: conv, dense, norm, pool, activation, merge, reshape, resize, regularise, identity,
    attention, embedding, exchange; module for users' own."""
    package: ClassVar[str] = ""
    """The package that it is from, with its version; "" for archdsl itself."""
    operands: ClassVar[int] = 1
    """How many values it takes: 1 is the current one, others are arguments."""
    further: ClassVar[int] = 0
    """How many more it may take, as arguments."""
    distinct: ClassVar[bool] = False
    """For an op of several values: with one value alone it is never meant (x + x), so its lines must have a step."""
    makes: ClassVar[Mapping[int, str]] = {}
    """Which output axis is simply a parameter's value: {1: "channels"}, {-1: "units"}."""
    view: ClassVar[bool] = False
    """Its output shares the input's memory, so it costs no activation memory."""
    keeps_output: ClassVar[bool] = False
    """Its backward pass reads its output, so nothing may overwrite that in place."""
    mixes_samples: ClassVar[bool] = False
    """In training, what it makes of a sample depends on the others in the batch."""
    keeps_input: ClassVar[bool] = True
    """Its backward pass reads its inputs, so that they stay in memory until then: a product's does, a sum's doesn't."""
    weights: ClassVar[tuple[str, ...] | None] = ()
    """The names that its parameters may have in `state`; the first is what is meant where the op alone is named. None:
    they are only known of a step."""
    glyph: ClassVar[str] = "box"
    """How figures draw it: "box", "sign" (a circle with what `drawn` says), "bar" (a field for each operand)."""
    params: ClassVar[tuple[Param, ...]] = ()

    # An override names its operands: `def shape(self, x: Shape)`. `Any` in both places lets it.

    def shape(self, *inputs: Any, **_: Any) -> Shape | tuple[Shape, ...]:
        """The output's shape for the inputs' `Shape`s, several for an op of several outputs; raises `Refused`."""
        raise NotImplementedError

    def torch(self, *inputs: Any, **_: Any) -> Form:
        """How PyTorch writes it, for inputs of these `Shape`s, which `shape` accepts."""
        raise NotImplementedError

    def state(self, *inputs: Any, **_: Any) -> tuple[State, ...]:
        """Its parameters and buffers, in PyTorch's order."""
        return ()

    def macs(self, inputs: tuple[Size, ...], output: Size) -> int:
        """Multiply-accumulates of one pass, at plain sizes. Convolutions and matrix products only."""
        return 0

    def needs_input(self) -> bool:
        """`keeps_input`, for these arguments."""
        return self.keeps_input

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        """What its forward pass in training leaves for the backward pass beside inputs and output: masks, indices.

        As PyTorch does it on the CPU in float32; on CUDA some masks are smaller.
        """
        return 0

    @property
    def draws(self) -> bool:
        """Whether it draws random numbers in training."""
        return False

    def noise(self, *inputs: Any, **_: Any) -> Noise | None:
        """What it draws, if that depends on shapes alone. None: on its operands' numbers too, or none can say."""
        return None

    def window(self, *inputs: Any, **_: Any) -> Window | None:
        """What one output element sees; None: only its own place."""
        return None

    @property
    def divided(self) -> bool:
        """Whether in a `split` each device computes a share of its outputs, that of the parameter in `makes`."""
        return False

    def follows(self, axis: int, *inputs: Any, **_: Any) -> int | None:
        """For operands that are cut into parts along `axis`: along which axis its results on the parts, put together,
        are its result on the whole. None: it needs the whole."""
        return None

    def apart(self, shares: Shares, *inputs: Any, **_: Any) -> Op:
        """The op that does on one device what this one does on each of several, where operands are shared out so."""
        return self

    @property
    def links(self) -> bool:
        """Whether its weight is a kernel for each link of a connection table, not [outputs, inputs, ...]."""
        return False

    def fixed_in_onnx(self, *inputs: Any, **_: Any) -> bool:
        """Whether ONNX can write it for plain sizes only, and some of these are free."""
        return False

    def drawn(self, *inputs: Any, **_: Any) -> str:
        """What a figure writes in its box, in the papers' words and few of them: "3x3 conv, 64, /2"."""
        values = [getattr(self, param.name) for param in self.params if param.required]
        return ", ".join(
            [self.name.replace("_", " "), *(str(value) for value in values if isinstance(value, (int, float, str)))]
        )

    def is_module(self, *inputs: Shape) -> bool:
        """Whether it is a module of its own: exactly then it counts in the numbering of its scope."""
        return self.torch(*inputs).module is not None

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))


REGISTRY: dict[str, type[Op]] = {}
"""The built-in ops loaded so far, by name; `archdsl.ops.find` loads more."""

_LITERAL = re.compile(r"Literal\[(.*)\]")
_KINDS = {"tuple[int, ...]": "ints", "int | Size": "Size", "Size": "Size"}

O = TypeVar("O", bound=type[Op])  # noqa: E741


def op(name: str, *, role: str) -> Callable[[O], O]:
    """Register an op under its name in specs."""

    def register(cls: O) -> O:
        cls.name = name
        cls.role = role
        cls.params = read_params(cls)
        if cls.__module__.startswith("archdsl.ops."):
            REGISTRY[name] = cls  # others are found by their entry points: see `installed.py`
        return cls

    return register


def read_params(cls: type[Record]) -> tuple[Param, ...]:
    """The parameters that a record's fields declare."""
    return tuple(_param(cls, i, field) for i, field in enumerate(cls.fields))


def _param(cls: type[Record], position: int, name: str) -> Param:
    annotation = next(
        str(base.__dict__["__annotations__"][name])
        for base in cls.__mro__
        if name in base.__dict__.get("__annotations__", {})
    )
    optional = annotation.endswith("| None")
    kind = annotation.removesuffix("| None").strip()
    choices: tuple[str, ...] = ()
    if found := _LITERAL.fullmatch(kind):
        choices = tuple(word.strip(" '\"") for word in found[1].split(","))
        kind = "word"
    required = not hasattr(cls, name)
    default = None if required else getattr(cls, name)
    return Param(name, _KINDS.get(kind, kind), optional, choices, required, default, position >= cls.positional)
