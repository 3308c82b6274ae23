"""The arguments of a network: what its variants say, and what is set from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

from archdsl.elaborate.arguments import block_params, give, match
from archdsl.elaborate.arithmetic import bounded, is_number
from archdsl.elaborate.context import At, Session
from archdsl.elaborate.expressions import evaluate, make_list
from archdsl.elaborate.files import SpecFile
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import Block, Given
from archdsl.ir.why import Traced, Why
from archdsl.ops.op import Param
from archdsl.source import Source, Span
from archdsl.syntax import ast


def network_arguments(
    block: Block,
    variants: Sequence[ast.Variant],
    settings: Mapping[str, object],
    file: SpecFile,
    session: Session,
) -> dict[str, Traced]:
    """What the variants say, the base's first, and over it what was set from outside."""
    place = file.place(session)
    params = block_params(block, place)
    names = [param.name for param in params]
    chosen: dict[str, Given] = {}
    for variant in reversed(variants):
        given = [give(arg, None, place) for arg in variant.args]
        for position, one in enumerate(given):
            if one.name is None and position < len(names):
                one.name = names[position]
        match(block.name, [_optional(param) for param in params], given, variant.span, place)
        chosen.update({one.name: one for one in given if one.name is not None})
    kinds = {param.name: param.kind for param in params}
    for name, value in settings.items():
        chosen[name] = _setting(name, _step_expression(name, value, kinds, session), place)
    return match(block.name, params, list(chosen.values()), block.declaration.name.span, place)


def _optional(param: Param) -> Param:
    """The same parameter, which this variant may leave to its base."""
    return Param(param.name, param.kind, param.optional, param.choices, False, None, param.keyword_only)


def _step_expression(name: str, value: object, kinds: Mapping[str, str], session: Session) -> object:
    """A string for a step parameter is an expression: `load(..., act="leaky_relu(0.2)")`."""
    if not isinstance(value, str) or kinds.get(name) != "step":
        return value
    from archdsl.syntax.parse import expression

    return expression(value, session.budget, session.reporter.diagnostics, f"argument {name}")


def _setting(name: str, value: object, place: At) -> Given:
    """A parameter set from outside: a Python value, or an expression of the language (`--set`, a step's name)."""
    if isinstance(value, ast.Node):
        span = value.span
        make = partial(evaluate, value, place)  # type: ignore[arg-type]
    else:
        text = f"{value!r}"[:200]
        span = Span(Source(f"argument {name}", text), 0, len(text))
        make = partial(_from_python, value, span, place)
    try:
        return Given(name, span, make())
    except Failed:
        return Given(name, span, None)


def _from_python(value: object, span: Span, at: At) -> Traced:
    """Scalars and lists; everything else is no value of the language."""
    if isinstance(value, (list, tuple)):
        value = make_list((_from_python(item, span, at) for item in cast("Sequence[object]", value)), span, at)
    elif is_number(value):
        value = bounded(cast("int | float", value), span, at)
    elif not isinstance(value, (bool, str, type(None))):
        from archdsl.errors.values import WrongType

        found = f"a Python {type(value).__name__}"
        raise at.reporter.fail(WrongType("a parameter", "a number, a boolean, a string, None or a list", found), span)
    return Traced(value, Why("literal", span, value))
