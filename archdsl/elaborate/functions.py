"""The built-in functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from archdsl.elaborate.arithmetic import apply_binary, bounded, is_number
from archdsl.elaborate.context import At
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import Number, described, is_list, items, show
from archdsl.ir.dim import Dim
from archdsl.ir.why import Traced, Why
from archdsl.source import Span
from archdsl.syntax import ast


class Use:
    """One use of a function: what a rule needs for its messages."""

    __slots__ = ("at", "function", "span")

    def __init__(self, function: str, span: Span, at: At) -> None:
        self.function = function
        self.span = span
        self.at = at

    def wrong(self, reason: str) -> Failed:
        from archdsl.errors.values import BadFunctionUse

        return self.at.reporter.fail(BadFunctionUse(self.function, reason), self.span)

    def number(self, value: object) -> Number:
        if isinstance(value, Dim):
            from archdsl.elaborate.expressions import free_size

            raise free_size(value, f"what `{self.function}` takes", self.span, self.at)
        if not is_number(value):
            raise self.wrong(f"takes a number, not {described(value)}")
        return value  # type: ignore[return-value]

    def list(self, value: object) -> tuple[Traced, ...]:
        if not is_list(value):
            raise self.wrong(f"takes a list, not {described(value)}")
        self.at.session.spend("work", len(items(value)) // 16, self.span)
        return items(value)

    def listed(self, parts: Iterable[Traced]) -> Traced:
        from archdsl.elaborate.expressions import make_list

        return self.traced(make_list(parts, self.span, self.at))

    def traced(self, value: object, *whys: Why) -> Traced:
        return Traced(value, Why(self.function, self.span, value, whys))


def call_function(node: ast.Call, at: At) -> Traced:
    """Apply a built-in function to its arguments."""
    from archdsl.elaborate.expressions import evaluate

    assert isinstance(node.callee, ast.Var)
    name = node.callee.name
    use = Use(name, node.span, at)
    fewest, most, names, rule = FUNCTIONS[name]
    values: list[Traced] = []
    for position, arg in enumerate(node.args):
        if arg.name is not None and (position >= len(names) or names[position] != arg.name.text):
            raise use.wrong(f"has no parameter `{arg.name.text}`")
        values.append(evaluate(arg.value, at))
    if not fewest <= len(values) <= most:
        takes = f"{fewest}" if fewest == most else f"at least {fewest}"
        raise use.wrong(f"takes {takes} argument{'s' * (fewest != 1 or most != 1)}, got {len(values)}")
    return rule(use, values)


def _len(use: Use, values: Sequence[Traced]) -> Traced:
    value = values[0].value
    size = len(value) if isinstance(value, str) else len(use.list(value))
    return use.traced(size, values[0].why)


def _least(pick: str) -> Callable[[Use, Sequence[Traced]], Traced]:
    def rule(use: Use, values: Sequence[Traced]) -> Traced:
        candidates = use.list(values[0].value) if len(values) == 1 and is_list(values[0].value) else tuple(values)
        if not candidates:
            raise use.wrong("of an empty list has no result")
        numbers = [use.number(candidate.value) for candidate in candidates]
        best = min(numbers) if pick == "min" else max(numbers)
        return use.traced(best, *(candidate.why for candidate in candidates))

    return rule


def _sum(use: Use, values: Sequence[Traced]) -> Traced:
    total: object = 0
    for item in use.list(values[0].value):
        total = apply_binary("+", total, item.value, use.span, use.at)
    return use.traced(total, *(item.why for item in use.list(values[0].value)))


def _numeric(compute: Callable[[Number], Number]) -> Callable[[Use, Sequence[Traced]], Traced]:
    def rule(use: Use, values: Sequence[Traced]) -> Traced:
        number = use.number(values[0].value)
        try:
            result = compute(number)
        except (ValueError, OverflowError):
            raise use.wrong(f"of {show(number)} is not a finite number") from None
        return use.traced(bounded(result, use.span, use.at), values[0].why)

    return rule


def _reversed(use: Use, values: Sequence[Traced]) -> Traced:
    return use.listed(reversed(use.list(values[0].value)))


def _zip(use: Use, values: Sequence[Traced]) -> Traced:
    lists = [use.list(value.value) for value in values]
    if len({len(one) for one in lists}) > 1:
        raise use.wrong(f"takes lists of one length, not of {', '.join(str(len(one)) for one in lists)}")
    return use.listed(use.listed(row) for row in zip(*lists))


def _enumerate(use: Use, values: Sequence[Traced]) -> Traced:
    return use.listed(use.listed((use.traced(i), item)) for i, item in enumerate(use.list(values[0].value)))


def _divisible(use: Use, values: Sequence[Traced]) -> Traced:
    """The nearest multiple of `by`, at least `by`, and never below 90% of x (Howard et al. 2017's reference code)."""
    x, by = use.number(values[0].value), use.number(values[1].value)
    if not isinstance(by, int) or by <= 0:
        raise use.wrong("takes a positive int to divide by")
    nearest = max(by, int(x + by / 2) // by * by)
    result = nearest + by if nearest < 0.9 * x else nearest
    return use.traced(bounded(result, use.span, use.at), values[0].why, values[1].why)


_MANY = 1_000_000
FUNCTIONS: dict[str, tuple[int, int, tuple[str, ...], Callable[[Use, Sequence[Traced]], Traced]]] = {
    "len": (1, 1, (), _len),
    "min": (1, _MANY, (), _least("min")),
    "max": (1, _MANY, (), _least("max")),
    "floor": (1, 1, (), _numeric(math.floor)),
    "ceil": (1, 1, (), _numeric(math.ceil)),
    "round": (1, 1, (), _numeric(round)),
    "abs": (1, 1, (), _numeric(abs)),
    "sqrt": (1, 1, (), _numeric(math.sqrt)),
    "log": (1, 1, (), _numeric(math.log)),
    "exp": (1, 1, (), _numeric(math.exp)),
    "sum": (1, 1, (), _sum),
    "reversed": (1, 1, (), _reversed),
    "zip": (1, _MANY, (), _zip),
    "enumerate": (1, 1, (), _enumerate),
    "divisible": (2, 2, ("x", "by"), _divisible),
}
"""Name -> fewest and most arguments, the names they may be given by, and the rule."""
