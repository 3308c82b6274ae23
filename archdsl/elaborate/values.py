"""The values of the language, and how messages show them.

int, float, bool, None and str are Python's; a list is a tuple of `Traced`; a size that is still free is a `Dim`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Union, cast

from archdsl.ir.dim import Dim
from archdsl.ir.graph import Value
from archdsl.ir.shares import Device, Mesh
from archdsl.ir.why import Traced
from archdsl.ops.op import Op, Param
from archdsl.source import Span
from archdsl.syntax import ast

if TYPE_CHECKING:
    from archdsl.elaborate.calls import Arguments
    from archdsl.elaborate.context import At
    from archdsl.elaborate.files import SpecFile
    from archdsl.elaborate.scopes import ScopeBuilder


class Size(tuple[int, ...]):
    """`3x3`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "x".join(map(str, self))


class Items(tuple[Traced, ...]):
    """A list. `weight` counts its items and theirs, however often one stands in others: a walk takes as many steps."""

    weight: int
    depth: int
    """Lists and steps inside one another: how deep a walk goes."""
    flows: bool
    """It holds values of the network, and lists of them, and nothing else."""

    @staticmethod
    def of(parts: Iterable[Traced]) -> Items:
        made = Items(parts)
        made.weight = sum(1 + weight(part.value) for part in made)
        made.depth = 1 + max((depth(part.value) for part in made), default=0)
        made.flows = bool(made) and all(is_flow(part.value) for part in made)
        return made


class Tensor:
    """A value of the graph, and the scope whose steps made it (None behind an error: its shape is unknown)."""

    __slots__ = ("scope", "value")

    def __init__(self, value: Value, scope: ScopeBuilder) -> None:
        self.value = value
        self.scope = scope


Flow = Union[Tensor, Items]
"""What flows from step to step: one value of the network, or a list of them, which may hold lists again."""


class Weight:
    """`@wte.weight`: a tensor of a step, which an op can be given for its own."""

    __slots__ = ("name", "step")

    def __init__(self, step: Tensor, name: str) -> None:
        self.step = step
        self.name = name


class Block:
    """A block as declared, with the file whose names it sees."""

    __slots__ = ("declaration", "file", "params")

    def __init__(self, declaration: ast.Block | ast.Network, file: SpecFile) -> None:
        self.declaration = declaration
        self.file = file
        self.params: tuple[Param, ...] | None = None  # once they were read off the declaration

    @property
    def name(self) -> str:
        return self.declaration.name.text

    @property
    def takes_braces(self) -> bool:
        """Whether it has a parameter of type `steps`."""
        return any(param.type and param.type.name.text == "steps" for param in self.declaration.params)


class Braces:
    """The braces behind a block's call, as the value of its parameter of type `steps`; `at` is where they are written.

    number: what tells them from other braces: those of equal text that see equal things have one.
    values: the values of the network around them that they mention, as far as the text tells.
    weight: how many values all that they mention holds.
    """

    __slots__ = ("at", "body", "number", "values", "weight")

    def __init__(self, body: ast.Body, at: At, number: int, values: list[Tensor], weight: int) -> None:
        self.body = body
        self.at = at
        self.number = number
        self.values = values
        self.weight = weight


class Given:
    """An argument as written: its name if it has one, its place, what it came to (None where that failed).

    name_span: where the name stands; the argument's own place where it has none.
    own:       it is one that every step takes (`init=`, `freeze=`), none of the op's or block's.
    """

    __slots__ = ("name", "name_span", "own", "span", "traced")

    def __init__(
        self,
        name: str | None,
        span: Span,
        traced: Traced | None,
        name_span: Span | None = None,
        *,
        own: bool = False,
    ) -> None:
        self.name = name
        self.span = span
        self.traced = traced
        self.name_span = name_span or span
        self.own = own


class StepValue:
    """A step as a value: an op or a block, with arguments bound so far. Each use makes fresh parameters.

    arguments: of a block's, what they come to, once it was called.
    """

    __slots__ = ("arguments", "depth", "given", "target", "weight")

    def __init__(self, target: type[Op] | Block, given: tuple[Given, ...] = ()) -> None:
        self.target = target
        self.given = given
        self.arguments: Arguments | None = None
        self.weight: int = sum(1 + weight(one.traced.value) for one in given if one.traced)
        self.depth: int = 1 + max((depth(one.traced.value) for one in given if one.traced), default=0)

    @property
    def name(self) -> str:
        return self.target.name


def weight(value: object) -> int:
    """How many values a list or a step's bound arguments hold in all."""
    return value.weight if isinstance(value, (Items, StepValue, Braces)) else 0


def depth(value: object) -> int:
    """How deep lists and steps stand inside one another in a value."""
    return value.depth if isinstance(value, (Items, StepValue)) else 0


class Poison:
    """Stands for a value whose making failed and was reported: using it says nothing more."""

    __slots__ = ()


POISON = Poison()

Number = Union[int, float]


def items(value: object) -> tuple[Traced, ...]:
    """The items of a value that is known to be a list."""
    return cast("tuple[Traced, ...]", value)


def is_list(value: object) -> bool:
    return isinstance(value, tuple) and not isinstance(value, (Size, Mesh, Device))


def is_flow(value: object) -> bool:
    """Whether it can flow from step to step: a value of the network, or a list with nothing else in it."""
    return isinstance(value, Tensor) or (isinstance(value, Items) and value.flows)


def type_name(value: object) -> str:
    """The type as the language calls it."""
    if is_list(value):
        return "list"
    for kind, name in _TYPE_NAMES:
        if isinstance(value, kind):
            return name
    return "none"


def a_type(value: object) -> str:
    """The same with its article."""
    name = type_name(value)
    return name if name in ("none", "braces") else f"an {name}" if name[0] in "aeiou" else f"a {name}"


_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float"),
    (str, "string"),
    (Size, "size"),
    (Dim, "free size"),
    (StepValue, "step"),
    (Braces, "braces"),
    (Tensor, "value"),
    (Weight, "tensor"),
    (Mesh, "mesh"),
    (Device, "device"),
)


def show(value: object, room: int = 60) -> str:
    """A value as it would be written in a spec, cut to fit in a message."""
    text = _show(value, room)
    return text if len(text) <= room else text[: room - 3] + "..."


def described(value: object, room: int = 60) -> str:
    """A value with its type, as messages name what they found: `int 3`, `list [1, 2]`."""
    if value is None or isinstance(value, Tensor):
        return show(value)
    return f"{type_name(value)} {show(value, room)}"


def _show(value: object, room: int, depth: int = 0) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**40 else "a number of more than 40 digits"
    if isinstance(value, str):
        return '"' + value[:room].encode("unicode_escape").decode("ascii") + '"'
    if isinstance(value, Size):
        return "x".join(map(str, value))
    if is_list(value):
        if depth == 3:
            return "[...]"
        shown = [_show(item.value, room, depth + 1) for item in items(value)[:room]]
        return "[" + ", ".join(shown) + "]"
    if isinstance(value, StepValue):
        return value.name
    if isinstance(value, Tensor):
        return "a value"
    if isinstance(value, Weight):
        return value.name
    return "{ ... }" if isinstance(value, Braces) else str(value)


def key(value: object) -> Hashable:
    """What two values have in common when a body made with one serves the other. 1, 1.0 and true differ."""
    if is_list(value):
        return "list", *(key(item.value) for item in items(value))
    if isinstance(value, StepValue):
        bound = ((given.name, key(given.traced.value)) if given.traced else None for given in value.given)
        return "step", id(value.target), *bound
    if isinstance(value, Tensor):
        return "value", value.value.shape
    if isinstance(value, Braces):
        return "braces", value.number
    return type(value).__name__, cast("Hashable", value)
