"""The syntax tree. Every node has the span of its text; nothing behind `elaborate` looks at these."""

from __future__ import annotations

from typing import Union

from archdsl.record import Record
from archdsl.source import Span


class Node(Record):
    span: Span


class Name(Node):
    text: str


class Bad(Node):
    """What error recovery skipped. A diagnostic was reported for it."""


# ---- files


class File(Node):
    items: tuple[Item, ...]


class Import(Node):
    path: Template
    alias: Name | None


class Mesh(Node):
    name: Name
    axes: tuple[Expr, ...]


class Block(Node):
    name: Name
    params: tuple[Param, ...]
    body: Body


class Network(Node):
    name: Name
    params: tuple[Param, ...]
    body: Body


class Variant(Node):
    name: Name
    base: Path
    args: tuple[Arg, ...]
    body: Body | None


class Param(Node):
    name: Name
    type: Type | None
    default: Expr | None


class Type(Node):
    name: Name
    lists: int
    """How many `[]` stand behind the name."""


class Path(Node):
    parts: tuple[Name, ...]

    @property
    def text(self) -> str:
        return ".".join(part.text for part in self.parts)


# ---- statements


class Body(Node):
    """Braces and what stands in them."""

    statements: tuple[Statement, ...]


class Let(Node):
    name: Name
    value: Expr


class Input(Node):
    name: Name
    dtype: Name | None
    shape: tuple[Expr | Nominal, ...]
    where: tuple[Expr, ...]


class Nominal(Node):
    """`H = 224` in a shape: a free size with the value that reports use."""

    name: Name
    value: Expr


class If(Node):
    condition: Expr
    then: Body
    orelse: Body | If | None


class For(Node):
    targets: tuple[Target, ...]
    iterable: Expr
    body: Body


class Unpack(Node):
    targets: tuple[Target, ...]


class Expect(Node):
    claim: Expr


class Output(Node):
    name: Name | Template
    args: tuple[Arg, ...]
    chain: Chain


class Declare(Node):
    """`param`, `buffer` or `const`, by `kind`."""

    kind: str
    name: Name
    dtype: Name | None
    shape: tuple[Expr | Nominal, ...]
    value: Expr | None


class Rename(Node):
    """`rename "norm.1" -> "norm1"`: keys of weight files."""

    old: Template
    new: Template


class Init(Node):
    rules: tuple[InitRule | Bad, ...]


class InitRule(Node):
    target: Template | Path
    value: Expr


# ---- steps


class Chain(Node):
    """`a -> b -> c`."""

    steps: tuple[Step, ...]


class Step(Node):
    label: Path | Template | None
    unit: Body | Use | Run
    repeat: Expr | None


class Use(Node):
    """A word in step position: an op, a block, a parameter that holds one, or a connector."""

    path: Path
    args: tuple[Arg, ...] | None
    body: Body | None
    clauses: tuple[Clause, ...]


class Clause(Node):
    """`shortcut { }` behind a connector's braces."""

    name: Name
    args: tuple[Arg, ...]
    body: Body


class Run(Node):
    """A reference in step position: `@pre`, `@[i]`, `@tower(x)`."""

    ref: Ref
    index: tuple[Expr, ...]
    args: tuple[Arg, ...] | None


class Arg(Node):
    name: Name | None
    value: Expr


# ---- expressions


class Literal(Node):
    """int, float, bool, None, or a size (`3x3`) as a tuple of ints."""

    value: int | float | bool | tuple[int, ...] | None


class Rounded(Node):
    """`4.09G`: a number known to the digits written, only in `expect`."""

    text: str


class Template(Node):
    """A string: literal text and `{expression}` in turn, as written; escapes are resolved in the text parts."""

    parts: tuple[str | Expr, ...]


class Var(Node):
    name: str


class ListExpr(Node):
    items: tuple[Expr, ...]


class Comprehension(Node):
    element: Expr
    clauses: tuple[CompFor, ...]


class CompFor(Node):
    targets: tuple[Target, ...]
    iterable: Expr
    condition: Expr | None


class Ref(Node):
    """`@` (name None), `@label` (a str), `@"enc{i}"` (a Template)."""

    name: str | Template | None


class Unary(Node):
    """`-` or `not`."""

    op: str
    operand: Expr


class Binary(Node):
    """`or and == != <= >= < > .. + - * / // % ^`, by its spelling."""

    op: str
    left: Expr
    right: Expr


class Cond(Node):
    """`if test then a else b`."""

    test: Expr
    then: Expr
    orelse: Expr


class Index(Node):
    """`sizes[2]`, `pod[1, 0]`; only a mesh has `further` indices."""

    base: Expr
    index: Expr
    further: tuple[Expr, ...]


class Attr(Node):
    base: Expr
    name: Name


class Call(Node):
    callee: Expr
    args: tuple[Arg, ...]


Expr = Union[Literal, Rounded, Template, Var, ListExpr, Comprehension, Ref, Unary, Binary, Cond, Index, Attr, Call, Bad]
Target = Union[Name, Unpack]
Statement = Union[Let, Input, Output, Declare, If, For, Expect, Init, Rename, Chain, Bad]
Item = Union[Import, Mesh, Block, Network, Variant, Let, Bad]
