"""Python code as values. Nothing here takes text: names are validated, everything else goes through `repr`.

Expressions know how to print themselves on one line (`flat`); `layout.py` breaks what is too long.
"""

from __future__ import annotations

import keyword
import re
from typing import ClassVar, cast

from archdsl.record import Record

_DOTTED = re.compile(r"(super\(\)\.)?[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")

_KEYWORDS = frozenset(keyword.kwlist)

ATOM = 100
POWER = 80
PRODUCT = 70
SUM = 60
COMPARISON = 50
NOT = 45
AND = 40
OR = 35
TERNARY = 20
LAMBDA = 10

BINDING = {
    "**": POWER, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "@": PRODUCT, "+": SUM, "-": SUM,
    "==": COMPARISON, "!=": COMPARISON, "<": COMPARISON, "<=": COMPARISON, ">": COMPARISON, ">=": COMPARISON,
    "is": COMPARISON, "is not": COMPARISON, "in": COMPARISON, "and": AND, "or": OR,
}  # fmt: skip
"""How tightly an operator binds."""


class Expr(Record):
    """An expression."""

    binding: ClassVar[int] = ATOM

    def flat(self) -> str:
        """On one line."""
        raise NotImplementedError

    @property
    def exploded(self) -> bool:
        """Whether it must be spread over several lines, however short it is."""
        return False

    def inside(self, binding: int) -> str:
        """On one line, in parentheses if what stands around it binds tighter."""
        return f"({self.flat()})" if self.binding < binding else self.flat()


class Name(Expr):
    """A variable or a dotted path: `x`, `self.conv1`, `nn.Conv2d`."""

    text: str

    def flat(self) -> str:
        if not _DOTTED.fullmatch(self.text) or not _KEYWORDS.isdisjoint(self.text.split(".")):
            raise ValueError(f"not a name: {self.text!r}")
        return self.text


class Literal(Expr):
    """A number, a string, a boolean, `None`, or a tuple of such."""

    value: object

    @property
    def binding(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return PRODUCT + 5 if isinstance(self.value, int | float) and self.value < 0 else ATOM

    def flat(self) -> str:
        return quoted(self.value)


class Call(Expr):
    """`callee(*args, **kwargs)`; `spread` puts each argument on a line of its own."""

    callee: Expr
    args: tuple[Expr, ...] = ()
    kwargs: tuple[tuple[str, Expr], ...] = ()
    spread: bool = False

    def flat(self) -> str:
        positional = [arg.flat() for arg in self.args]
        named = [f"{Name(name).flat()}={arg.flat()}" for name, arg in self.kwargs]
        return f"{self.callee.inside(ATOM)}({', '.join(positional + named)})"

    @property
    def exploded(self) -> bool:
        inside = (self.callee, *self.args, *(arg for _, arg in self.kwargs))
        return self.spread or any(part.exploded for part in inside)


class Attribute(Expr):
    """`value.name`, for a value that is no name itself."""

    value: Expr
    name: str

    def flat(self) -> str:
        return f"{self.value.inside(ATOM)}.{Name(self.name).flat()}"

    @property
    def exploded(self) -> bool:
        return self.value.exploded


class Subscript(Expr):
    """`value[index]`."""

    value: Expr
    index: Expr

    def flat(self) -> str:
        return f"{self.value.inside(ATOM)}[{self.index.flat()}]"


class Index(Expr):
    """What stands in brackets: integers, slices and expressions, one for each leading axis."""

    items: tuple[int | slice | Expr, ...]

    def flat(self) -> str:
        return ", ".join(map(_index, self.items))


class Items(Expr):
    """A list of expressions."""

    items: tuple[Expr, ...]

    def flat(self) -> str:
        return f"[{', '.join(item.flat() for item in self.items)}]"

    @property
    def exploded(self) -> bool:
        return any(item.exploded for item in self.items)


class Table(Expr):
    """Numbers in nested lists. A long one is filled into lines, several numbers on each: see `layout.py`."""

    items: tuple[object, ...]

    def flat(self) -> str:
        return f"[{', '.join(self.rows)}]"

    @property
    def rows(self) -> list[str]:
        """The items of the outermost list."""
        return [
            Table(cast("tuple[object, ...]", item)).flat() if isinstance(item, tuple) else quoted(item)
            for item in self.items
        ]


class Tuple(Expr):
    """A tuple."""

    items: tuple[Expr, ...]

    def flat(self) -> str:
        last = "," if len(self.items) == 1 else ""
        return f"({', '.join(item.flat() for item in self.items)}{last})"


class Dict(Expr):
    """A dictionary by names."""

    items: tuple[tuple[str, Expr], ...]

    def flat(self) -> str:
        return "{" + ", ".join(f"{quoted(name)}: {value.flat()}" for name, value in self.items) + "}"


class Times(Expr):
    """The arguments `*(element for _ in range(count))`: equal neighbours, each with its own parameters."""

    element: Expr
    count: int

    def flat(self) -> str:
        return f"*({self.element.flat()} for _ in range({self.count}))"

    @property
    def exploded(self) -> bool:
        return self.element.exploded


class Format(Expr):
    """`f"{prefix}{value}{suffix}"`; `str(value)` where it is the value alone."""

    prefix: str
    value: Expr
    suffix: str

    def flat(self) -> str:
        if not self.prefix and not self.suffix:
            return f"str({self.value.flat()})"
        before, after = (part.replace("{", "{{").replace("}", "}}") for part in (self.prefix, self.suffix))
        return f"f{quoted(f'{before}{{{self.value.flat()}}}{after}')}"


class Negative(Expr):
    """`-value`."""

    binding: ClassVar[int] = PRODUCT + 5
    value: Expr

    def flat(self) -> str:
        return f"-{self.value.inside(self.binding)}"


class Not(Expr):
    """`not value`."""

    binding: ClassVar[int] = NOT
    value: Expr

    def flat(self) -> str:
        return f"not {self.value.inside(NOT)}"


class Infix(Expr):
    """`left op right`."""

    op: str
    left: Expr
    right: Expr

    @property
    def binding(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return BINDING[self.op]

    def flat(self) -> str:
        own = self.binding
        # Powers bind to the right, everything else to the left; comparisons to neither.
        left = self.left.inside(own + (self.op == "**" or own == COMPARISON))
        right = self.right.inside(own + (self.op != "**"))
        tight = self.op == "**" and _simple(self.left) and _simple(self.right)
        return f"{left}**{right}" if tight else f"{left} {self.op} {right}"


class Ternary(Expr):
    """`then if test else other`."""

    binding: ClassVar[int] = TERNARY
    then: Expr
    test: Expr
    other: Expr

    def flat(self) -> str:
        return f"{self.then.inside(OR)} if {self.test.inside(OR)} else {self.other.inside(TERNARY)}"


class Lambda(Expr):
    """`lambda: body`."""

    binding: ClassVar[int] = LAMBDA
    body: Expr

    def flat(self) -> str:
        return f"lambda: {self.body.flat()}"


def attribute(value: Expr, name: str) -> Expr:
    """`value.name`."""
    return Name(f"{value.text}.{name}") if isinstance(value, Name) else Attribute(value, name)


def _index(item: int | slice | Expr) -> str:
    if isinstance(item, Expr):
        return item.flat()
    return _slice(item) if isinstance(item, slice) else quoted(item)


def _slice(item: slice) -> str:
    start, stop, step = ("" if part is None else quoted(part) for part in (item.start, item.stop, item.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")


def _simple(expr: Expr) -> bool:
    """Whether the formatter writes `**` without spaces beside it."""
    number = isinstance(expr, Literal) and type(expr.value) in (int, float)
    return number or isinstance(expr, Name)


def quoted(value: object) -> str:
    """A literal, as the formatter writes it: double quotes, unless that needs more backslashes."""
    if isinstance(value, str):
        single = ascii(value)
        return f'"{single[1:-1]}"' if single[0] == "'" and '"' not in value and "\\'" not in single else single
    if isinstance(value, tuple):
        items = [quoted(item) for item in cast("tuple[object, ...]", value)]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    if value is None or type(value) in (bool, int, float):
        return repr(value)
    raise TypeError(f"not a literal: {value!r}")
