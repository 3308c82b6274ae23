"""Expressions -> traced values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from archdsl.elaborate import lookup
from archdsl.elaborate.arithmetic import apply_binary, apply_unary
from archdsl.elaborate.context import At
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import POISON, Items, Size, StepValue, Tensor, described, is_list, items, show, type_name
from archdsl.ir.dim import Dim
from archdsl.ir.shares import Device, Mesh
from archdsl.ir.why import Traced, Why
from archdsl.source import Span
from archdsl.syntax import ast

if TYPE_CHECKING:
    from archdsl.diagnostic import Help


def evaluate(node: ast.Expr, at: At) -> Traced:
    """The value of an expression at a place; raises `Failed` once the reason is reported."""
    at.session.spend("work", 1, node.span)
    return _EVALUATE[type(node)](node, at)


def _literal(node: ast.Literal, at: At) -> Traced:
    value = node.value
    return Traced(Size(value) if isinstance(value, tuple) else value, Why("literal", node.span, value))


def _rounded(node: ast.Rounded, at: At) -> Traced:
    from archdsl.errors.values import RoundedOutside

    raise at.reporter.fail(RoundedOutside(node.text), node.span)


def _template(node: ast.Template, at: At) -> Traced:
    value = text(node, at)
    return Traced(value, Why("literal", node.span, value))


def text(node: ast.Template, at: At) -> str:
    """A string with its `{expression}` parts filled in: numbers, booleans and strings can stand there."""
    parts: list[str] = []
    for part in node.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        value = evaluate(part, at).value
        if isinstance(value, str):
            parts.append(value)
        elif isinstance(value, (bool, int, float, Size)):
            parts.append(show(value))
        else:
            from archdsl.errors.values import WrongType

            raise at.reporter.fail(WrongType("a string's {...}", "a number or a string", type_name(value)), part.span)
    whole = "".join(parts)
    at.session.limit_items(len(whole), node.span)
    return whole


def _var(node: ast.Var, at: At) -> Traced:
    found = lookup.name(node.name, node.span, at)
    if found.value is POISON:
        raise Failed
    return Traced(found.value, Why("name", node.span, found.value, (found.why,), node.name))


def _list(node: ast.ListExpr, at: At) -> Traced:
    values = make_list((evaluate(item, at) for item in node.items), node.span, at)
    return Traced(values, Why("literal", node.span, values))


def make_list(parts: Iterable[Traced], span: Span, at: At) -> Items:
    """A list, if with all that it holds it is within the limit."""
    made = Items.of(parts)
    at.session.limit_items(made.weight, span, made.depth)
    return made


def _comprehension(node: ast.Comprehension, at: At) -> Traced:
    made: list[Traced] = []
    _comprehend(node, 0, at, made)
    values = make_list(made, node.span, at)
    return Traced(values, Why("literal", node.span, values))


def _comprehend(node: ast.Comprehension, depth: int, at: At, made: list[Traced]) -> None:
    if depth == len(node.clauses):
        made.append(evaluate(node.element, at))
        at.session.spend("work", 1, node.span)
        return
    clause = node.clauses[depth]
    for item in list_items(evaluate(clause.iterable, at), "`for`", clause.iterable.span, at):
        inner = at.inner()
        bind_targets(clause.targets, item, inner)
        if clause.condition is None or condition(clause.condition, inner, "the filter").value:
            _comprehend(node, depth + 1, inner, made)


def list_items(traced: Traced, where: str, span: Span, at: At) -> tuple[Traced, ...]:
    """The items of a list, or a message that it is none."""
    if is_list(traced.value):
        return items(traced.value)
    if isinstance(traced.value, Tensor) and traced.value.value.shape is None:
        raise Failed  # a step behind an error, which might have made a list
    from archdsl.diagnostic import Edit, Help
    from archdsl.errors.values import NotAList

    helps: tuple[Help, ...] = ()
    if isinstance(traced.value, int) and not isinstance(traced.value, bool) and where == "`for`":
        edit = Edit(Span(span.source, span.start, span.start), "0..")
        helps = (Help(f"count from 0: 0..{show(traced.value)}", edit),)
    raise at.reporter.fail(NotAList(where, described(traced.value)), span, helps=helps)


def bind_targets(targets: tuple[ast.Target, ...], item: Traced, at: At) -> None:
    """Bind a pattern's names to a loop's item. One name takes the whole item, several its parts."""
    if len(targets) == 1:
        _bind_target(targets[0], item, at)
        return
    parts = items(item.value) if is_list(item.value) else ()
    if len(parts) != len(targets):
        from archdsl.errors.values import BadUnpack

        found = f"{len(parts)} parts" if is_list(item.value) else f"one part: {show(item.value)}"
        raise at.reporter.fail(BadUnpack(len(targets), found), targets[0].span.to(targets[-1].span))
    for target, part in zip(targets, parts):
        _bind_target(target, part, at)


def _bind_target(target: ast.Target, item: Traced, at: At) -> None:
    if isinstance(target, ast.Name):
        lookup.bind(target, item, at)
    else:
        bind_targets(target.targets, item, at)


def condition(node: ast.Expr, at: At, where: str) -> Traced:
    """A boolean; one that depends on a free size must have one answer for all allowed sizes."""
    traced = evaluate(node, at)
    if not isinstance(traced.value, bool):
        from archdsl.errors.values import NotBoolean

        raise at.reporter.fail(NotBoolean(where, described(traced.value)), node.span)
    return traced


def traced_reference(node: ast.Ref, at: At) -> Traced:
    """What a reference stands for."""
    found = lookup.reference(node, at)
    return found if isinstance(found, Traced) else Traced(found, Why("name", node.span, found, (), "@"))


def _unary(node: ast.Unary, at: At) -> Traced:
    operand = evaluate(node.operand, at)
    if node.op == "not":
        if not isinstance(operand.value, bool):
            from archdsl.errors.values import NotBoolean

            found = described(operand.value)
            raise at.reporter.fail(NotBoolean("what `not` turns round", found), node.operand.span)
        return Traced(not operand.value, Why("not", node.span, not operand.value, (operand.why,)))
    value = apply_unary(operand.value, node.span, at)
    return Traced(value, Why("neg", node.span, value, (operand.why,)))


def _binary(node: ast.Binary, at: At) -> Traced:
    if node.op in ("and", "or"):
        return _logic(node, at)
    left = evaluate(node.left, at)
    right = evaluate(node.right, at)
    if node.op == "..":
        return _range(node, left, right, at)
    value = apply_binary(node.op, left.value, right.value, node.span, at)
    return Traced(value, Why(node.op, node.span, value, (left.why, right.why)))


def _logic(node: ast.Binary, at: At) -> Traced:
    """`and` and `or` look at the right side only where the left leaves it open."""
    left = condition(node.left, at, f"the left side of `{node.op}`")
    if left.value is (node.op == "or"):
        return Traced(left.value, Why(node.op, node.span, left.value, (left.why,)))
    right = condition(node.right, at, f"the right side of `{node.op}`")
    return Traced(right.value, Why(node.op, node.span, right.value, (left.why, right.why)))


def _range(node: ast.Binary, left: Traced, right: Traced, at: At) -> Traced:
    start = integer(left.value, "the start of a range", node.left.span, at)
    end = integer(right.value, "the end of a range", node.right.span, at)
    at.session.limit_items(end - start, node.span)
    whys = (left.why, right.why)
    values = make_list((Traced(i, Why("item", node.span, i, whys)) for i in range(start, end)), node.span, at)
    return Traced(values, Why("..", node.span, values, whys))


def integer(value: object, where: str, span: Span, at: At) -> int:
    """A fixed integer, or a message that says what stands there instead."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, Dim):
        raise free_size(value, where, span, at)
    from archdsl.errors.values import WrongType

    raise at.reporter.fail(WrongType(where, "int", described(value)), span)


def free_size(dim: Dim, where: str, span: Span, at: At) -> Failed:
    from archdsl.errors.values import FreeSize

    symbols = ", ".join(sorted(str(symbol) for symbol in dim.symbols))
    return at.reporter.fail(FreeSize(where, str(dim), symbols), span)


def _cond(node: ast.Cond, at: At) -> Traced:
    test = condition(node.test, at, "what stands behind `if`")
    chosen = evaluate(node.then if test.value else node.orelse, at)
    return Traced(chosen.value, Why("if", node.span, chosen.value, (test.why, chosen.why)))


def _index(node: ast.Index, at: At) -> Traced:
    base = evaluate(node.base, at)
    if isinstance(base.value, Mesh):
        device = _device(base.value, node, at)
        return Traced(device, Why("literal", node.span, device))
    if node.further:
        from archdsl.errors.values import SeveralIndices

        raise at.reporter.fail(SeveralIndices(described(base.value)), node.further[0].span)
    if isinstance(node.index, ast.Binary) and node.index.op == "..":
        return _slice(node, base, node.index, at)
    if isinstance(base.value, str):
        traced = evaluate(node.index, at)
        character = base.value[_position(len(base.value), traced, node.index.span, at, "string")]
        return Traced(character, Why("literal", node.span, character))
    parts = list_items(base, "an index", node.base.span, at)
    traced = evaluate(node.index, at)
    found = item_at(parts, traced, node.index.span, at)
    return Traced(found.value, Why("index", node.span, found.value, (base.why, traced.why, found.why)))


def _device(mesh: Mesh, node: ast.Index, at: At) -> Device:
    """By a coordinate for each axis, or by its number."""
    given = (node.index, *node.further)
    if len(given) not in (1, len(mesh.axes)):
        from archdsl.errors.devices import Coordinates

        axes = "one axis" if len(mesh.axes) == 1 else f"{len(mesh.axes)} axes"
        raise at.reporter.fail(Coordinates(str(mesh), axes, len(given)), node.span)
    number = 0
    sizes, holder = (mesh.axes, "axis") if node.further else ((mesh.size,), "mesh")
    for size, index in zip(sizes, given):
        number = number * size + _position(size, evaluate(index, at), index.span, at, holder) % size
    return Device(mesh, number)


def item_at(parts: tuple[Traced, ...], position: Traced, span: Span, at: At) -> Traced:
    """An item by its index, from the end if that is negative; a message where there is none."""
    return parts[_position(len(parts), position, span, at)]


def _position(length: int, position: Traced, span: Span, at: At, holder: str = "list") -> int:
    index = integer(position.value, "an index", span, at)
    if -length <= index < length:
        return index
    raise _outside(length, index, holder, span, at)


def _outside(length: int, index: int, holder: str, span: Span, at: At) -> Failed:
    from archdsl.errors.values import OutOfList

    devices = ("device", "devices")
    parts = {"string": ("character", "characters"), "mesh": devices, "axis": devices}.get(holder, ("item", "items"))
    return at.reporter.fail(OutOfList(length, index, holder, *parts), span)


def _slice(node: ast.Index, base: Traced, cut: ast.Binary, at: At) -> Traced:
    parts = base.value if isinstance(base.value, str) else list_items(base, "an index", node.base.span, at)
    holder = "string" if isinstance(parts, str) else "list"
    start = integer(evaluate(cut.left, at).value, "the start of a slice", cut.left.span, at)
    end = integer(evaluate(cut.right, at).value, "the end of a slice", cut.right.span, at)
    for index in (start, end):
        if not 0 <= index <= len(parts):
            raise _outside(len(parts), index, holder, cut.span, at)
    value = parts[start:end] if isinstance(parts, str) else make_list(parts[start:end], node.span, at)
    return Traced(value, Why("literal", node.span, value))


def _attr(node: ast.Attr, at: At) -> Traced:
    from archdsl.elaborate.attributes import attribute

    if isinstance(node.base, ast.Var):
        member = lookup.member(node.base.name, node.name, at)
        if member is not None:
            return member
    return attribute(evaluate(node.base, at), node, at)


def _call(node: ast.Call, at: At) -> Traced:
    """A function's result, or a step with arguments bound: a call in an argument is never run."""
    from archdsl.elaborate.arguments import bind_step
    from archdsl.elaborate.functions import FUNCTIONS, call_function

    word = node.callee.name if isinstance(node.callee, ast.Var) else ""
    if word in FUNCTIONS and lookup.local(word, at) is None:
        return call_function(node, at)
    callee = evaluate(node.callee, at).value
    if not isinstance(callee, StepValue):
        from archdsl.errors.values import NotCallable

        raise at.reporter.fail(NotCallable(described(callee)), node.callee.span, helps=_as_step(node))
    value = bind_step(callee, node.args, at)
    return Traced(value, Why("literal", node.span, value))


def _as_step(node: ast.Call) -> tuple[Help, ...]:
    """`let b = @tower(x)`: a step is run again where steps stand."""
    if not isinstance(node.callee, ast.Ref):
        return ()
    from archdsl.diagnostic import Help

    return (Help(f"a step is run again on a line of its own: b: {node.span.text}, and then @b"),)


def _bad(node: ast.Bad, at: At) -> Traced:
    raise Failed


_EVALUATE: dict[type, Callable[[Any, At], Traced]] = {
    ast.Literal: _literal,
    ast.Rounded: _rounded,
    ast.Template: _template,
    ast.Var: _var,
    ast.ListExpr: _list,
    ast.Comprehension: _comprehension,
    ast.Ref: traced_reference,
    ast.Unary: _unary,
    ast.Binary: _binary,
    ast.Cond: _cond,
    ast.Index: _index,
    ast.Attr: _attr,
    ast.Call: _call,
    ast.Bad: _bad,
}
