"""What an op is. One class declares everything about it: parameters, docs, shapes, PyTorch form, state, cost, role.

An op is a `Record`: its fields are its parameters. Rules get shapes and return values; they never see syntax. A rule
that refuses raises `Refused`, which names the *parameter* or operand at fault; the elaborator maps it to the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import ClassVar, TypeVar

from archdsl.diagnostic import Error, Help
from archdsl.ir.shape import Shape
from archdsl.ops.form import Form
from archdsl.record import Record

Size = tuple[int, ...]
"""`3x3`; a plain number means the same in every direction."""

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


class Param(Record):
    """A parameter, read off a field: its type by name, whether `none` is allowed, the words it may be."""

    name: str
    kind: str
    """int, float, bool, str, Size (a number or `3x3`), ints (a list of ints), word (one of `choices`)"""
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
    """What one output element sees of the input, per spatial axis. `GLOBAL` is `Window((), ())`."""

    extent: tuple[int, ...]
    stride: tuple[int, ...]


GLOBAL = Window((), ())


class Op(Record):
    """Subclass it, decorate with `@op("name", role=...)`, annotate the parameters, write `shape` and `torch`.

    The docstring is the reference page: what it does, the formula, the shapes, an indented example spec under
    `Example:` that a test runs.
    """

    name: ClassVar[str] = ""
    role: ClassVar[str] = ""
    """Its kind in diagrams: conv, dense, norm, pool, activation, merge, reshape, regularise, identity."""
    operands: ClassVar[int] = 1
    makes: ClassVar[Mapping[int, str]] = {}
    """Which output axis is simply a parameter's value: {1: "channels"}."""
    view: ClassVar[bool] = False
    """Its output shares the input's memory, so it costs no activation memory."""
    params: ClassVar[tuple[Param, ...]] = ()

    def shape(self, *inputs: Shape) -> Shape:
        """The output's shape; raises `Refused`."""
        raise NotImplementedError

    def torch(self, *inputs: Shape) -> Form:
        """How PyTorch writes it, for these inputs."""
        raise NotImplementedError

    def state(self, *inputs: Shape) -> tuple[State, ...]:
        """Its parameters and buffers, in PyTorch's order."""
        return ()

    def macs(self, inputs: tuple[Size, ...], output: Size) -> int:
        """Multiply-accumulates of one pass, at plain sizes. Convolutions and matrix products only."""
        return 0

    def window(self, *inputs: Shape) -> Window | None:
        """What one output element sees; None: only its own place."""
        return None

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))


REGISTRY: dict[str, type[Op]] = {}
"""The ops loaded so far, by name; `archdsl.ops.find` loads more."""

_LITERAL = re.compile(r"Literal\[(.*)\]")
_KINDS = {"tuple[int, ...]": "ints", "int | Size": "Size", "Size": "Size"}

O = TypeVar("O", bound=type[Op])  # noqa: E741


def op(name: str, *, role: str) -> Callable[[O], O]:
    """Register an op under its name in specs."""

    def register(cls: O) -> O:
        cls.name = name
        cls.role = role
        cls.params = tuple(_param(cls, i, field) for i, field in enumerate(cls.fields))
        REGISTRY[name] = cls
        return cls

    return register


def _param(cls: type[Op], position: int, name: str) -> Param:
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
