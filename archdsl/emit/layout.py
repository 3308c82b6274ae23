"""Statements -> lines of text, laid out as `ruff format --line-length 120` leaves them.

What fits stands on one line. What doesn't is opened at its outermost bracket, one item a line, with the trailing comma
that makes the formatter keep it so.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from archdsl.emit.code import (
    Attribute,
    Call,
    Dict,
    Expr,
    Infix,
    Items,
    Lambda,
    Literal,
    Name,
    Table,
    Ternary,
    Times,
    quoted,
)
from archdsl.emit.statements import Assign, Class, Do, Field, For, Function, If, Origin, Parameter, Raise, Return, Stmt

WIDTH = 120
STEP = 4


def comment(origin: Origin | None) -> str:
    """The comment that names a line of the spec. A file's name may hold anything: only harmless characters stay."""
    if origin is None:
        return ""
    return f"  # {shown_file(origin.file)}:{origin.line}"


def shown_file(name: str) -> str:
    """A spec's file name as comments show it."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name.rpartition("/")[2])[-40:]


def class_lines(cls: Class) -> Iterator[str]:
    """A class and its methods."""
    yield f"class {Name(cls.name).flat()}({Name(cls.base).flat()}):{comment(cls.origin)}"
    yield from block(cls.body, STEP)
    for i, method in enumerate(cls.methods):
        if i or cls.body:
            yield ""
        yield from _function(method, STEP)


def _function(function: Function, indent: int) -> Iterator[str]:
    parts = [*(["self"] if function.method else []), *_parameters(function.parameters)]
    start, end = f"{' ' * indent}def {Name(function.name).flat()}(", f") -> {function.returns}:"
    line = start + ", ".join(parts) + end
    if len(line) <= WIDTH:
        yield line
    else:
        yield start
        yield from (f"{' ' * (indent + STEP)}{part}," for part in parts)
        yield " " * indent + end
    yield from block(function.body, indent + STEP)


def _parameters(parameters: Sequence[Parameter]) -> Iterator[str]:
    starred = False
    for parameter in parameters:
        if parameter.keyword_only and not starred:
            yield "*"
            starred = True
        default = "" if parameter.default is None else f" = {parameter.default.flat()}"
        yield f"{Name(parameter.name).flat()}: {parameter.annotation}{default}"


def block(body: Sequence[Stmt], indent: int) -> Iterator[str]:
    """Statements at an indentation."""
    for i, statement in enumerate(body):
        if i and Function in (type(statement), type(body[i - 1])):
            yield ""
        yield from _statement(statement, indent)


def _statement(statement: Stmt, indent: int) -> Iterator[str]:
    if isinstance(statement, Function):
        yield from _function(statement, indent)
        return
    end = comment(statement.origin)
    match statement:
        case Assign(targets=targets, value=value, op=op):
            left = ", ".join(target.flat() for target in targets)
            yield from spread(f"{left} {op}= ", value, end, indent)
        case Field(name=name, annotation=annotation, default=default):
            start = f"{Name(name).flat()}: {annotation}"
            if default is None:
                yield f"{' ' * indent}{start}{end}"
            else:
                yield from spread(f"{start} = ", default, end, indent)
        case Do(value=value):
            yield from spread("", value, end, indent)
        case Return(values=values):
            if len(values) == 1:
                yield from spread("return ", values[0], end, indent)
            else:
                yield from _several(values, end, indent)
        case Raise(value=value):
            yield from spread("raise ", value, end, indent)
        case If():
            yield from _if(statement, indent)
        case For(target=target, over=over, body=body):
            targets = target if isinstance(target, tuple) else (target,)
            yield from spread(f"for {', '.join(each.flat() for each in targets)} in ", over, f":{end}", indent)
            yield from block(body, indent + STEP)


def _if(statement: If, indent: int) -> Iterator[str]:
    word = "if "
    while True:
        yield from spread(word, statement.test, f":{comment(statement.origin)}", indent)
        yield from block(statement.body, indent + STEP)
        match statement.orelse:
            case (If() as statement,):
                word = "elif "
            case other:
                if other:
                    yield f"{' ' * indent}else:"
                    yield from block(other, indent + STEP)
                return


def _several(values: Sequence[Expr], end: str, indent: int) -> Iterator[str]:
    """`return a, b`, in parentheses with a line each if they don't fit."""
    margin = " " * indent
    line = f"{margin}return {', '.join(value.flat() for value in values)}{end}"
    if len(line) <= WIDTH and not any(value.exploded for value in values):
        yield line
        return
    yield f"{margin}return ("
    for value in values:
        yield from spread("", value, ",", indent + STEP)
    yield f"{margin}){end}"


def spread(start: str, expr: Expr, end: str, indent: int) -> Iterator[str]:
    """`start`, the expression, `end`: on one line if they fit."""
    margin = " " * indent
    if not expr.exploded:
        line = f"{margin}{start}{expr.flat()}{end}"
        if len(line) <= WIDTH:
            yield line
            return
    if (table := _table(expr)) is not None:
        yield from _filled(start, expr, table, end, indent)
        return
    match expr:
        case Dict(items=items) if items:
            yield f"{margin}{start}{{"
            for name, value in items:
                yield from spread(f"{quoted(name)}: ", value, ",", indent + STEP)
            yield f"{margin}}}{end}"
        case Call(callee=Attribute(value=Call() as value, name=name), args=(Literal() as arg,), kwargs=()):
            yield from spread(start, value, f".{name}({arg.flat()}){end}", indent)
        case Call(callee=callee, args=args, kwargs=kwargs) if args or kwargs:
            yield f"{margin}{start}{callee.flat()}("
            for arg in args:
                yield from spread("", arg, ",", indent + STEP)
            for name, arg in kwargs:
                yield from spread(f"{name}=", arg, ",", indent + STEP)
            yield f"{margin}){end}"
        case Items(items=items) if items:
            yield f"{margin}{start}["
            for item in items:
                yield from spread("", item, ",", indent + STEP)
            yield f"{margin}]{end}"
        case Times(element=element, count=count):
            yield f"{margin}{start}*("
            yield from _generator(element, f"for _ in range({count})", indent + STEP)
            yield f"{margin}){end}"
        case Lambda(body=body):
            yield from spread(f"{start}lambda: ", body, end, indent)
        case Infix(op=op, left=left, right=Call() | Items() | Infix() as right):
            yield from spread(f"{start}{left.flat()} {op} ", right, end, indent)
        case Ternary(then=then, test=test, other=other):
            yield f"{margin}{start}("
            for word, part in (("", then), ("if ", test), ("else ", other)):
                yield from spread(word, part, "", indent + STEP)
            yield f"{margin}){end}"
        case _:
            yield f"{margin}{start}{expr.flat()}{end}"


def _table(expr: Expr) -> Table | None:
    """The list of numbers that an expression is written around."""
    while isinstance(expr, Call):
        expr = expr.args[-1] if expr.args else expr.callee
    return expr if isinstance(expr, Table) else None


def _filled(start: str, expr: Expr, table: Table, end: str, indent: int) -> Iterator[str]:
    """A list of numbers, filled into lines; each row of a list of lists begins a line. A formatter that knows only one
    number a line or all on one is told to leave it."""
    margin, inner = " " * indent, " " * (indent + STEP)
    before, after = expr.flat().split(table.flat())
    yield f"{margin}{start}{before}["
    nested = isinstance(table.items[0], tuple)
    for row in table.rows if nested else [", ".join(table.rows)]:
        yield from textwrap.wrap(f"{row},", WIDTH, initial_indent=inner, subsequent_indent=inner + " " * nested)
    yield f"{margin}]{after}{end}  # fmt: skip"


def fits(statement: Stmt, indent: int) -> bool:
    """Whether a statement stands on one line."""
    lines = list(block((statement,), indent))
    return len(lines) == 1 and len(lines[0]) <= WIDTH


def _generator(element: Expr, turns: str, indent: int) -> Iterator[str]:
    line = f"{' ' * indent}{element.flat()} {turns}"
    if len(line) <= WIDTH and not element.exploded:
        yield line
    else:
        yield from spread("", element, "", indent)
        yield f"{' ' * indent}{turns}"
