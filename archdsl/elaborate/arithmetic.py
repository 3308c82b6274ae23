"""Operators. Integers are of 64 bits, floats are finite doubles, sizes go elementwise, free sizes stay symbolic."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from archdsl.budget import Exceeded
from archdsl.elaborate.context import At
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import Number, Size, StepValue, Tensor, described, is_list, items, key, type_name
from archdsl.ir.dim import Dim
from archdsl.ir.proof import compare
from archdsl.source import Span

_COMPARE: dict[str, Callable[[Number, Number], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def apply_binary(op: str, left: object, right: object, span: Span, at: At) -> object:
    """`left op right`, or a message."""
    try:
        return _binary(op, left, right, span, at)
    except Exceeded as over:
        raise at.session.exhausted(over, span) from None


def _binary(op: str, left: object, right: object, span: Span, at: At) -> object:
    if op in _COMPARE:
        return _comparison(op, left, right, span, at)
    if isinstance(left, Size) or isinstance(right, Size):
        return _sizes(op, left, right, span, at)
    if op == "+" and isinstance(left, str) and isinstance(right, str):
        at.session.limit_items(len(left) + len(right), span)
        return left + right
    if op == "+" and is_list(left) and is_list(right):
        from archdsl.elaborate.expressions import make_list

        return make_list(items(left) + items(right), span, at)
    if isinstance(left, Dim) or isinstance(right, Dim):
        return _free(op, left, right, span, at)
    if not is_number(left) or not is_number(right):
        raise undefined(op, left, right, span, at)
    return _numbers(op, left, right, span, at)  # type: ignore[arg-type]


def apply_unary(value: object, span: Span, at: At) -> object:
    """`-value`."""
    if isinstance(value, Dim):
        return 0 - value
    if isinstance(value, Size):
        return Size(-n for n in value)
    if not is_number(value):
        from archdsl.errors.values import BadOperands

        raise at.reporter.fail(BadOperands("-", "nothing", described(value)), span)
    return bounded(-value, span, at)  # type: ignore[operator]


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def undefined(op: str, left: object, right: object, span: Span, at: At) -> Failed:
    from archdsl.diagnostic import Help
    from archdsl.errors.values import BadOperands

    helps: tuple[Help, ...] = ()
    if isinstance(left, StepValue) or isinstance(right, StepValue):
        helps = (Help("steps can't be compared or computed with: pass a boolean parameter beside the step"),)
    return at.reporter.fail(BadOperands(op, described(left, 20), described(right, 20)), span, helps=helps)


def bounded(value: Number, span: Span, at: At) -> Number:
    """The number, if it is an integer of 64 bits or a finite float."""
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise no_result("this is not a finite number", span, at)
    if -(2**63) <= value < 2**63:
        return value
    raise no_result("this integer is beyond 64 bits", span, at)


def no_result(what: str, span: Span, at: At) -> Failed:
    from archdsl.errors.values import Arithmetic

    return at.reporter.fail(Arithmetic(what), span)


def _numbers(op: str, left: Number, right: Number, span: Span, at: At) -> Number:
    if op in ("/", "//", "%") and right == 0:
        raise no_result("division by zero", span, at)
    try:
        if op == "^":
            return bounded(_power(left, right, span, at), span, at)
        result = _ARITHMETIC[op](left, right)
    except OverflowError:
        raise no_result("this is not a finite number", span, at) from None
    return bounded(result, span, at)


_ARITHMETIC: dict[str, Callable[[Number, Number], Number]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "/": lambda a, b: a / b, "//": lambda a, b: a // b, "%": operator.mod,
}  # fmt: skip


def _power(left: Number, right: Number, span: Span, at: At) -> Number:
    if isinstance(left, int) and isinstance(right, int):
        if right < 0:
            if left == 0:
                raise no_result("division by zero", span, at)
            return float(left) ** right
        if abs(left) > 1 and right > 64:  # beyond 64 bits: never computed, it could fill the memory
            raise no_result("this integer is beyond 64 bits", span, at)
        return left**right
    if left == 0 and right < 0:
        raise no_result("division by zero", span, at)
    result = left**right
    if isinstance(result, complex):
        raise no_result("a negative number has no fractional power", span, at)
    return result


def _sizes(op: str, left: object, right: object, span: Span, at: At) -> object:
    """Elementwise; one number stands for every direction."""
    lefts = left if isinstance(left, Size) else None
    rights = right if isinstance(right, Size) else None
    length = len(lefts or rights or ())
    if (lefts and rights and len(lefts) != len(rights)) or op in ("/", "^"):
        raise undefined(op, left, right, span, at)
    if not all(isinstance(side, Size) or (is_number(side) and isinstance(side, int)) for side in (left, right)):
        raise undefined(op, left, right, span, at)
    pairs = zip(lefts or (left,) * length, rights or (right,) * length)
    return Size(_numbers(op, a, b, span, at) for a, b in pairs)  # type: ignore[arg-type, misc]


def _free(op: str, left: object, right: object, span: Span, at: At) -> object:
    """Arithmetic with a size that is not known yet: + - * with integers and sizes, // and % by a positive integer."""
    whole = (int, Dim)
    if not isinstance(left, whole) or not isinstance(right, whole) or isinstance(left, bool) or isinstance(right, bool):
        raise undefined(op, left, right, span, at)
    if op in ("//", "%"):
        if not isinstance(right, int):
            raise undefined(op, left, right, span, at)
        if right <= 0:
            raise no_result("a free size can only be divided by a positive number", span, at)
        return _simplest(left // right if op == "//" else left % right)
    if op not in _ARITHMETIC or op == "/":
        raise undefined(op, left, right, span, at)
    return _simplest(_DIM_ARITHMETIC[op](left, right))


_DIM_ARITHMETIC: dict[str, Callable[..., Dim]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def _simplest(value: Dim | int) -> object:
    return value.constant if isinstance(value, Dim) and value.constant is not None else value


def _comparison(op: str, left: object, right: object, span: Span, at: At) -> bool:
    if isinstance(left, Dim) or isinstance(right, Dim):
        return _free_comparison(op, left, right, span, at)
    if is_number(left) and is_number(right):
        return _COMPARE[op](left, right)  # type: ignore[arg-type]
    if op in ("==", "!=") and is_list(left) and is_list(right):
        pairs = list(zip(items(left), items(right)))
        same = len(items(left)) == len(items(right)) and all(
            _comparison("==", a.value, b.value, span, at) for a, b in pairs
        )
        return same is (op == "==")
    if op in ("==", "!=") and _comparable(left, right):
        return (key(left) == key(right)) is (op == "==")
    raise undefined(op, left, right, span, at)


def _comparable(left: object, right: object) -> bool:
    """Equality is between values of one type, or with `none`; steps and network values have none."""
    if any(isinstance(side, (StepValue, Tensor)) for side in (left, right)):
        return left is None or right is None
    if isinstance(left, Size) != isinstance(right, Size) and (isinstance(left, int) or isinstance(right, int)):
        return False
    return left is None or right is None or type_name(left) == type_name(right)


def _free_comparison(op: str, left: object, right: object, span: Span, at: At) -> bool:
    whole = (int, Dim)
    if not isinstance(left, whole) or not isinstance(right, whole):
        raise undefined(op, left, right, span, at)
    decision = compare(op, _dim(left), _dim(right))
    if decision.kind in ("yes", "no"):
        return decision.kind == "yes"
    from archdsl.errors.shapes import UndecidedCondition

    raise at.reporter.fail(UndecidedCondition.of(decision, op, str(left), str(right)), span)


def _dim(value: int | Dim) -> Dim:
    return Dim.of(value) if isinstance(value, int) else value
