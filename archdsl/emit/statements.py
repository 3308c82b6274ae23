"""Statements, functions and classes, as values."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.emit.code import Expr, Name
from archdsl.record import Record


class Origin(Record):
    """The place in the spec that a line was made from; printed as the comment `# resnet.arch:18`."""

    file: str
    line: int


class Assign(Record):
    """`target = value`; with `op`, `target += value`; several targets unpack a tuple."""

    targets: tuple[Expr, ...]
    value: Expr
    op: str = ""
    origin: Origin | None = None


class Field(Record):
    """`name: annotation = default`, of a named tuple."""

    name: str
    annotation: str
    default: Expr | None = None
    origin: Origin | None = None


class Do(Record):
    """An expression for its effect."""

    value: Expr
    origin: Origin | None = None


class Return(Record):
    """`return value`; several values make a tuple."""

    values: tuple[Expr, ...]
    origin: Origin | None = None


class Raise(Record):
    """`raise value`."""

    value: Expr
    origin: Origin | None = None


class If(Record):
    """`if test:` and what it guards; a lone `If` in `orelse` is an `elif`."""

    test: Expr
    body: tuple[Stmt, ...]
    origin: Origin | None = None
    orelse: tuple[Stmt, ...] = ()


class For(Record):
    """`for target in over:`; several targets unpack a tuple."""

    target: Expr | tuple[Expr, ...]
    over: Expr
    body: tuple[Stmt, ...]
    origin: Origin | None = None


class Parameter(Record):
    """A parameter of a function; `default` None: it has none."""

    name: str
    annotation: str
    default: Expr | None = None
    keyword_only: bool = False


class Function(Record):
    """A function. A method's `self` comes first by itself."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: str
    body: tuple[Stmt, ...]
    method: bool = True


Stmt = Assign | Field | Do | Return | Raise | If | For | Function


class Class(Record):
    """A class with its methods; `body` stands above them."""

    name: str
    base: str
    methods: tuple[Function, ...]
    origin: Origin | None = None
    body: tuple[Stmt, ...] = ()


def returning(body: tuple[Stmt, ...], values: tuple[Expr, ...], place: Origin | None = None) -> tuple[Stmt, ...]:
    """The statements and a `return`; what the last of them assigns just for that is returned as it is."""
    last = body[-1] if body else None
    if isinstance(last, Assign) and not last.op and last.targets == values and len(values) == 1:
        return (*body[:-1], Return((last.value,), last.origin))
    return (*body, Return(values, place))


def tensors(names: Sequence[Name]) -> tuple[Parameter, ...]:
    """Parameters that are handed tensors."""
    return tuple(Parameter(name.text, "Tensor") for name in names)


def returned(count: int) -> str:
    """The annotation of a function that returns so many tensors."""
    return "Tensor" if count == 1 else f"tuple[{', '.join(['Tensor'] * count)}]"
