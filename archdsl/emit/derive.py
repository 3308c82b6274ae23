"""One number in several graphs -> one expression, read off how each graph came to it.

The derivations are walked side by side. Where all agree on a value it is a literal; a parameter or an axis of the
block's input is a leaf, the same everywhere; an operator holds if its operands do. Every node is checked against the
values of all graphs, so an expression that is returned is right in each of them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial, reduce
from typing import Any, cast

from archdsl.emit.code import Expr, Infix, Literal, Name, Negative, Not
from archdsl.emit.numbering import INDEX
from archdsl.ir.dim import Dim
from archdsl.ir.graph import Scope
from archdsl.ir.why import CallWhy, Why
from archdsl.record import Record

DEEPEST = 30
"""No expression in a module is that deep; a derivation along a long chain of steps may be."""

OPERATORS: Mapping[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "+": ("+", operator.add),
    "-": ("-", operator.sub),
    "*": ("*", operator.mul),
    "/": ("/", lambda left, right: left / right),
    "//": ("//", lambda left, right: left // right),
    "%": ("%", operator.mod),
    "^": ("**", lambda left, right: left**right),
    "==": ("==", operator.eq),
    "!=": ("!=", operator.ne),
    "<": ("<", operator.lt),
    "<=": ("<=", operator.le),
    ">": (">", operator.gt),
    ">=": (">=", operator.ge),
}

COUNTING = ("item", "enumerate")
"""Rules of numbers that count a loop's turns."""

UNSUPPORTED = object()
"""A value that no constructor takes as it is."""


class Leaf(Expr):
    """A number that the class is given: a parameter of its block ("param"), an axis of the block's input ("input"), or
    a `let` or loop variable whose own derivation leads nowhere ("name"). `whys` has its derivation in each graph.
    """

    rule: str
    name: str
    whys: tuple[Why, ...]

    @property
    def values(self) -> list[object]:
        return [plain(why.value) for why in self.whys]


class At(Record):
    """A derivation; inside a call, also the call and where that stands."""

    why: Why
    call: Scope | None = None
    outside: At | None = None


def plain(value: object) -> object:
    """A value as a constructor takes it; a size that is equal in every direction is one number."""
    if isinstance(value, Dim):
        return UNSUPPORTED if value.constant is None else value.constant
    if isinstance(value, tuple):
        items = [plain(item) for item in cast("tuple[object, ...]", value)]
        if not items or any(type(item) not in (int, float) for item in items):
            return UNSUPPORTED
        return items[0] if all(item == items[0] for item in items) and len(items) > 1 else tuple(items)
    return value if value is None or type(value) in (bool, int, float, str) else UNSUPPORTED


def equal(values: Sequence[object]) -> bool:
    """Whether all are one value: 1, 1.0 and True are three."""
    return all(value == values[0] and type(value) is type(values[0]) for value in values)


def common(places: Sequence[At], turns: Sequence[int | None], depth: int = 0) -> Expr | None:
    """The expression that holds in every graph, with `Leaf`s in it; None if there is none.

    turns: which turn of the loop at hand each place is in; the loop's index may stand in the expression.
    """
    places = [followed(place) for place in places]
    values = [plain(place.why.value) for place in places]
    if UNSUPPORTED in values or depth > DEEPEST:
        return None
    if equal(values):
        return Literal(values[0])
    whys = [place.why for place in places]
    rule, name = whys[0].rule, whys[0].name
    if all(why.rule in COUNTING for why in whys) and (index := _index(values, turns)) is not None:
        return index
    if any((why.rule, why.name, len(why.operands)) != (rule, name, len(whys[0].operands)) for why in whys):
        return None
    if rule in ("param", "input") and all(place.call is None for place in places):
        return Leaf(rule, name, tuple(whys))
    if rule == "name":
        return common(list(_operand(places, 0)), turns, depth + 1) or Leaf(rule, name, tuple(whys))
    operands = [common(list(_operand(places, k)), turns, depth + 1) for k in range(len(whys[0].operands))]
    if not operands or any(operand is None for operand in operands):
        return None
    return _applied(rule, [operand for operand in operands if operand is not None], places, values)


def _index(values: Sequence[object], turns: Sequence[int | None]) -> Expr | None:
    """`i + 1`, if the values are as far from the turns' numbers everywhere."""
    offsets = {value - turn for value, turn in zip(values, turns) if type(value) is int and turn is not None}
    if len(offsets) != 1 or None in turns:
        return None
    (offset,) = offsets
    return infix("-" if offset < 0 else "+", Name(INDEX), Literal(abs(offset)))


def _operand(places: Sequence[At], k: int) -> Iterator[At]:
    return (At(place.why.operands[k], place.call, place.outside) for place in places)


def _applied(rule: str, operands: list[Expr], places: Sequence[At], values: list[object]) -> Expr | None:
    """The operator on its operands, if Python makes the same of it in every graph."""
    given = [[plain(why.value) for why in place.why.operands] for place in places]
    if rule == "step":
        # A step makes one size of several by adding (concat) or multiplying (flatten) them, if it does so simply.
        for sign, function in (("+", operator.add), ("*", operator.mul)):
            if _holds(partial(_folded, function), given, values):
                return reduce(partial(infix, sign), operands)
        return None
    if len(operands) == 1:
        if rule == "neg" and _holds(operator.neg, given, values):
            return Negative(operands[0])
        return Not(operands[0]) if rule == "not" and _holds(operator.not_, given, values) else None
    if len(operands) != 2 or rule not in OPERATORS:
        return None
    sign, function = OPERATORS[rule]
    return infix(sign, *operands) if _holds(function, given, values) else None


def _folded(function: Callable[[Any, Any], Any], *operands: object) -> object:
    return reduce(function, operands)


def infix(sign: str, left: Expr, right: Expr) -> Expr:
    """The operator applied; `width * 1` is `width`."""
    neutral = {"*": 1, "//": 1, "+": 0, "-": 0}.get(sign)
    if neutral is not None and isinstance(right, Literal) and equal([right.value, neutral]):
        return left
    if sign in ("*", "+") and isinstance(left, Literal) and equal([left.value, neutral]):
        return right
    return Infix(sign, left, right)


def _holds(function: Callable[..., object], operands: list[list[object]], values: list[object]) -> bool:
    try:
        return all(equal([function(*given), value]) for given, value in zip(operands, values))
    except (ArithmeticError, TypeError, ValueError):
        return False


def source_of(why: Why) -> Why:
    """Where a number really comes from, if that is within the block; else the derivation itself."""
    place = followed(At(why))
    return place.why if place.call is None else why


def followed(place: At) -> At:
    """Through steps that pass a size on, names, conditions and calls that made it, to where it really comes from.

    A derivation within a call speaks of the called block's parameters; they are followed to its arguments.
    """
    for _ in range(DEEPEST):
        there = _next(place)
        if there is None or not equal([plain(there.why.value), plain(place.why.value)]):
            return place
        place = there
    return place


def _next(place: At) -> At | None:
    why, call, outside = place.why, place.call, place.outside
    if why.rule == "step" and len(why.operands) == 1:
        return At(why.operands[0], call, outside)
    if why.rule == "name" and why.operands and why.operands[0].rule in ("name", "param"):
        return At(why.operands[0], call, outside)
    if why.rule == "if":
        return At(why.operands[1], call, outside)  # the branch that was chosen
    if isinstance(why, CallWhy):
        return At(why.operands[0], why.scope, place)
    if call is None or outside is None:
        return None
    if why.rule == "param" and why.name in call.args:
        return At(call.args[why.name].why, outside.call, outside.outside)
    if why.rule == "input":
        operand, axis = map(int, why.name.split("."))
        shape = call.inputs[operand].shape
        argument = shape.dims[axis].why if shape else None
        return At(argument, outside.call, outside.outside) if argument else None
    return None
