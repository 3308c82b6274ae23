"""A derivation in words: `out = width * expansion = 64 * 4 (line 3)`."""

from __future__ import annotations

from archdsl.ir.why import CallWhy, ElsewhereWhy, Why

_INFIX = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "%": 2, "^": 3}
"""Operator -> how strongly it binds."""
_DEPTH = 12


def derived(why: Why) -> str:
    """One line on where a number came from; empty if there is nothing to say."""
    why = through_calls(why)
    if why.rule == "name":
        definition = _where_written(why.operands[0])
        steps = [why.name, formula(definition), _numbers(definition), str(why.value)]
        return " = ".join(_distinct(steps)) + line_of(definition)
    if is_formula(why):
        return " = ".join(_distinct([formula(why), _numbers(why), str(why.value)])) + line_of(why)
    if why.rule == "step":
        return f"made by {why.name}" + line_of(why)
    if why.rule == "input":
        return "it came in with the block's input"
    if why.rule == "param":
        return f"{why.name} = {why.value}"
    if why.rule == "literal" and why.span is not None:
        return f"written{line_of(why)}"
    return ""


def through_calls(why: Why) -> Why:
    """Inside the block call that made it, as far as its leaves are not known better outside."""
    while isinstance(why, (CallWhy, ElsewhereWhy)):
        why = why.operands[0] if isinstance(why, CallWhy) else why.origin
    return why


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


def line_of(why: Why) -> str:
    return f" (line {why.span.line})" if why.span is not None else ""
