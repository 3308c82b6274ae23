"""The reference, read off the code: every op, connector, error and limit with its docstring.

`archdsl ops`, `archdsl explain` and `--help` print it; `python -m archdsl.reference docs` writes it as pages.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, Union

from archdsl import budget, connectors, errors, initial, ops
from archdsl.budget import Limits
from archdsl.connectors.connector import Connector
from archdsl.diagnostic import Error
from archdsl.initial import Init
from archdsl.ops.op import Op, Param
from archdsl.record import Record

Word = Union[type[Op], type[Connector]]
"""What can stand at the beginning of a step."""


class Limit(Record):
    """One field of `Limits`, with what stands below it."""

    name: str
    default: int
    text: str


def limits() -> list[Limit]:
    """Every limit, in the order of `Limits`."""
    tree = ast.parse(_source(budget))
    body = next(item.body for item in tree.body if isinstance(item, ast.ClassDef) and item.name == Limits.__name__)
    texts: dict[str, str] = {}
    for field, text in pairwise(body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                texts[name] = " ".join(said.split())
            case _:
                pass
    return [Limit(name, getattr(Limits, name), texts[name]) for name in Limits.fields]


def all_errors() -> list[type[Error]]:
    """Every error and warning, by code."""
    found: dict[str, type[Error]] = {}
    for family in errors.FAMILIES:
        for item in vars(import_module(f"archdsl.errors.{family}")).values():
            if isinstance(item, type) and issubclass(item, Error) and item.code:
                found[item.code] = item
    return [found[code] for code in sorted(found)]


def all_ops() -> list[type[Op]]:
    """Every op, by name."""
    return [op for name in ops.names() if (op := ops.find(name))]


def all_connectors() -> list[type[Connector]]:
    """Every connector, by its word."""
    return [connectors.find(word) for word in connectors.names()]


def all_initialisers() -> list[type[Init]]:
    """Every initialiser, by name."""
    return [initial.REGISTRY[name] for name in sorted(initial.REGISTRY)]


def all_words() -> list[Word]:
    """Every op and connector, by name."""
    return sorted([*all_ops(), *all_connectors()], key=name_of)


def name_of(word: Word) -> str:
    return word.word if issubclass(word, Connector) else word.name


def documentation(item: type[Any]) -> str:
    """The docstring of a class, without the indentation of the class."""
    if issubclass(item, Op) and item.package:
        return f"{inspect.cleandoc(item.__doc__ or '')}\n\nFrom the package {item.package}.".strip()
    return _docstrings(item.__module__).get(item.__name__, "")


@cache
def _docstrings(module: str) -> dict[str, str]:
    """The docstrings of a module's classes, from its source.

    `__doc__` won't do: some Pythons take away an indentation that all lines but the first share, and with it the
    difference between text and an example.
    """
    found: dict[str, str] = {}
    for item in ast.parse(_source(import_module(module))).body:
        if isinstance(item, ast.ClassDef) and (text := ast.get_docstring(item, clean=False)):
            found[item.name] = "\n".join(line.removeprefix("    ").rstrip() for line in text.split("\n")).strip()
    return found


def _source(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text(encoding="utf-8")


def headline(item: type[Any]) -> str:
    """The first sentence of a docstring, without its full stop."""
    paragraph = " ".join(documentation(item).partition("\n\n")[0].split())
    return re.split(r"(?<=[^.])\.(?: |$)", paragraph, maxsplit=1)[0]


def signature(word: Word) -> str:
    """How it is written: `conv(channels, kernel, stride=1)`, `residual(when=true) { } shortcut { }`."""
    head = called(name_of(word), word.params)
    braces = [" { }", *(f" {clause} {{ }}" for clause in word.clauses)] if issubclass(word, Connector) else []
    return head + "".join(braces)


def called(name: str, params: Sequence[Param]) -> str:
    """A call with all parameters and their defaults."""
    return name + (f"({', '.join(map(_parameter, params))})" if params else "")


def _parameter(param: Param) -> str:
    return param.name if param.required else f"{param.name}={spelled(param.default)}"


def spelled(value: object) -> str:
    """A value as the language writes it."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "x".join(map(str, value))  # type: ignore[reportUnknownArgumentType]
    return str(value)


def kind(param: Param) -> str:
    """What a parameter takes, in words."""
    words = {
        "int": "an integer",
        "float": "a number",
        "bool": "true or false",
        "str": "a string",
        "Size": "a number or a size (`3x3`)",
        "ints": "a list of integers",
        "Axes": "an integer or a list of integers",
        "Table": "a list of lists of integers",
        "AxisSizes": "integers, by names of your own",
        "word": ", ".join(param.choices),
    }
    return words.get(param.kind, param.kind) + (", or none" if param.optional else "")


def word_text(word: Word) -> str:
    """The page of an op or connector, for the terminal."""
    lines = [signature(word), "", documentation(word)]
    if word.params:
        width = max(len(param.name) for param in word.params)
        lines += ["", "Parameters:"]
        for param in word.params:
            default = "" if param.required else f" (default {spelled(param.default)})"
            by_name = ", by name" if param.keyword_only else ""
            lines.append(f"    {param.name:<{width}}  {kind(param)}{by_name}{default}".replace("`", ""))
    return "\n".join(lines)


def error_text(error: type[Error]) -> str:
    """The long form of an error, for the terminal."""
    return f"{error.code}: {documentation(error)}"
