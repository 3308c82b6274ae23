"""What a declared tensor holds before training: an initialiser, one number, or a list of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from archdsl.elaborate.context import At
from archdsl.elaborate.expressions import evaluate
from archdsl.elaborate.initialisers import fits, initialiser
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import Items, described, is_list, items, show
from archdsl.initial import Constant, Default, Init, Numbers, Ones, Start, Zeros, wants
from archdsl.ir.shape import Shape
from archdsl.source import Span
from archdsl.syntax import ast

INTEGERS = {"int64": 63, "int32": 31, "int16": 15, "int8": 7, "uint8": 8}
"""The bits of an integer's value."""

LONGEST = 65_536
"""Numbers that a list may give: they are written out in the module."""


def is_float(dtype: str) -> bool:
    return dtype != "bool" and dtype not in INTEGERS


def contents(name: str, node: ast.Expr, shape: Shape, at: At) -> Start:
    """What an expression makes of a tensor of that shape and dtype."""
    found = initialiser(node, at)
    if isinstance(found, Constant):
        return _number(found.value, shape.dtype, name, node.span, at)
    if found is not None:
        _check_initialiser(found, shape, name, node.span, at)
        return found
    value = _evaluate(node, at)
    if not isinstance(value, Items):
        return _number(value, shape.dtype, name, node.span, at)
    if value.weight > LONGEST:
        what = f"is a list of {value.weight:,} values, and may be one of {LONGEST:,}"
        raise cannot_hold(name, what, "too long", node.span, at)
    at.session.spend("work", value.weight, node.span)
    sizes = shape.at({})
    if any(is_list(item.value) for item in value):
        _check_nesting(value, sizes, name, node.span, at)
    flat = [_number(item, shape.dtype, name, node.span, at) for item in _flat(value)]
    if len(flat) != prod(sizes):
        what = f"has {prod(sizes)} elements, the list {len(flat)}"
        raise cannot_hold(name, what, f"{len(flat)} numbers", node.span, at)
    return _folded(flat, sizes)


def cannot_hold(name: str, what: str, place: str, span: Span, at: At) -> Failed:
    from archdsl.errors.values import CannotHold

    return at.reporter.fail(CannotHold(name, what, place), span)


def _evaluate(node: ast.Expr, at: At) -> object:
    """The value; a word that is nothing may be a misspelt initialiser."""
    from archdsl import initial, ops
    from archdsl.elaborate.functions import FUNCTIONS
    from archdsl.elaborate.lookup import did_you_mean, local
    from archdsl.errors.names import UnknownName

    word = node.callee if isinstance(node, ast.Call) else node
    if not isinstance(word, ast.Var) or local(word.name, at) or ops.find(word.name) or word.name in FUNCTIONS:
        return evaluate(node, at).value
    helps = did_you_mean(word.name, [*initial.REGISTRY, *at.names.all(), *at.file.names()], word.span)
    raise at.reporter.fail(UnknownName("initialiser or value", word.name), word.span, helps=helps)


def _check_initialiser(start: Init, shape: Shape, name: str, span: Span, at: At) -> None:
    """Only floats are drawn, and not every initialiser is defined for every number of axes, as PyTorch says."""
    if isinstance(start, Default):
        raise cannot_hold(name, "has no default: PyTorch's layers alone have one", "of a layer", span, at)
    if isinstance(start, (Zeros, Ones)):
        return
    if not is_float(shape.dtype):
        raise cannot_hold(name, f"is {shape.dtype}, which `{start.name}` can't draw", "draws floats", span, at)
    if not fits(start, shape.rank):
        raise cannot_hold(name, f"is {shape!r}, which `{start.name}` can't fill", f"needs {wants(start)}", span, at)


def _number(value: object, dtype: str, name: str, span: Span, at: At) -> int | float | bool:
    """An element as the dtype holds it: ints widen to floats, nothing narrows."""
    if dtype == "bool":
        if isinstance(value, bool):
            return value
        expected = "true or false"
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        expected = "an initialiser, a number or a list of numbers" if is_float(dtype) else "ints"
    elif is_float(dtype):
        return float(value)
    elif isinstance(value, float):
        expected = "ints"
    else:
        least = 0 if dtype == "uint8" else -(2 ** INTEGERS[dtype])
        if least <= value < 2 ** INTEGERS[dtype]:
            return value
        expected = f"ints from {least} to {2 ** INTEGERS[dtype] - 1}"
    from archdsl.errors.values import WrongType

    raise at.reporter.fail(WrongType(f"`{name}` ({dtype})", expected, described(value)), span)


def _flat(value: Items) -> Iterator[object]:
    """The numbers in nested lists, in order."""
    stack = [iter(value)]
    while stack:
        item = next(stack[-1], None)
        if item is None:
            stack.pop()
        elif is_list(item.value):
            stack.append(iter(items(item.value)))
        else:
            yield item.value


def _check_nesting(value: Items, sizes: tuple[int, ...], name: str, span: Span, at: At) -> None:
    """A list of lists says where each number goes, so it has the tensor's own shape."""
    level: list[object] = [value]
    for axis, size in enumerate(sizes):
        wrong = next((part for part in level if not is_list(part) or len(items(part)) != size), None)
        if wrong is not None:
            found = f"{len(items(wrong))} items" if is_list(wrong) else show(wrong)
            what = f"has {size} items along axis {axis}, the list {found}"
            raise cannot_hold(name, what, "another shape", span, at)
        level = [item.value for part in level for item in items(part)]
    if any(map(is_list, level)):
        raise cannot_hold(name, f"is {list(sizes)}, the list is nested deeper", "another shape", span, at)


def _folded(flat: list[int | float | bool], sizes: tuple[int, ...]) -> Numbers:
    """The numbers in tuples of the tensor's own shape."""
    parts: list[Numbers] = list(flat)
    for size in reversed(sizes):
        parts = [tuple(parts[i : i + size]) for i in range(0, len(parts), size)]
    return parts[0]
