"""A derivation in words: `out = width * expansion = 64 * 4 (line 3)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.ir.why import CallWhy, ElsewhereWhy, Why
from archdsl.source import Source

if TYPE_CHECKING:
    from archdsl.ir.graph import Scope

_INFIX = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "%": 2, "^": 3}
"""Operator -> how strongly it binds."""
_DEPTH = 12


def derived(why: Why, source: Source) -> str:
    """One line on where a number came from, read beside the text of `source`; empty if there is nothing to say."""
    why = through_calls(why)
    if why.rule == "name":
        definition = _where_written(why.operands[0])
        steps = [why.name, formula(definition), _numbers(definition), str(why.value)]
        return " = ".join(_distinct(steps)) + _place_of(definition, source)
    if is_formula(why):
        return " = ".join(_distinct([formula(why), _numbers(why), str(why.value)])) + _place_of(why, source)
    if why.rule == "step":
        return f"made by {why.name}" + _place_of(why, source)
    if why.rule == "input":
        return "it came in with the block's input"
    if why.rule == "param":
        return f"{why.name} = {why.value}"
    if why.rule == "literal" and why.span is not None:
        return f"written{_place_of(why, source)}"
    return ""


def through_calls(why: Why) -> Why:
    """Inside the block call that made it, as far as its leaves are not known better outside: a size that a block handed
    on was made by what stands before the call."""
    calls: list[Scope] = []
    while True:
        if isinstance(why, CallWhy):
            calls.append(why.scope)
            why = why.operands[0]
        elif isinstance(why, ElsewhereWhy):
            calls = calls[:-1]
            why = why.origin
        elif calls and (before := handed_in(why, calls.pop())):
            why = before
        else:
            return why


def handed_in(why: Why, scope: Scope) -> Why | None:
    """What made a size of a block's input, seen from where the block is called; None for any other number."""
    if why.rule != "input":
        return None
    index, axis = map(int, why.name.split("."))
    shape = scope.inputs[index].shape
    return shape.dims[axis].why if shape else None


def formula(why: Why, depth: int = 0) -> str:
    """The derivation as an expression over names: `width * expansion`."""
    why = _where_written(why)
    if why.rule in ("name", "param"):
        return why.name
    if depth < _DEPTH and is_formula(why):
        left, right = why.operands
        binds = _INFIX[why.rule]
        return f"{_operand(left, binds, depth)} {why.rule} {_operand(right, binds + 1, depth)}"
    return str(why.value)


def _where_written(why: Why) -> Why:
    return why.origin if isinstance(why, ElsewhereWhy) else why


def _operand(why: Why, binds: int, depth: int) -> str:
    text = formula(why, depth + 1)
    return f"({text})" if is_formula(why) and _INFIX[why.rule] < binds else text


def is_formula(why: Why) -> bool:
    """Whether it is made by an operator, so that a formula says more than its value."""
    return why.rule in _INFIX and len(why.operands) == 2


def _numbers(why: Why) -> str:
    """The same with the names filled in: `64 * 4`."""
    if is_formula(why):
        return f"{why.operands[0].value} {why.rule} {why.operands[1].value}"
    return str(why.value)


def _distinct(parts: list[str]) -> list[str]:
    return [part for i, part in enumerate(parts) if part not in parts[:i]]


def _place_of(why: Why, source: Source) -> str:
    """The line, and the file if it is another one."""
    if why.span is None:
        return ""
    return f" (line {why.span.line})" if why.span.source is source else f" ({why.span.source.name}:{why.span.line})"
