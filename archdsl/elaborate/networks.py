"""Networks and variants: which one is asked for, its input, its promises, and the program that comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

from archdsl.elaborate.arguments import block_params, give, match
from archdsl.elaborate.arithmetic import bounded, is_number
from archdsl.elaborate.calls import bind_params
from archdsl.elaborate.context import At, Names, Session
from archdsl.elaborate.expressions import evaluate
from archdsl.elaborate.files import SpecFile
from archdsl.elaborate.inputs import run_input
from archdsl.elaborate.lookup import did_you_mean
from archdsl.elaborate.report import Failed
from archdsl.elaborate.scopes import ScopeBuilder
from archdsl.elaborate.statements import Lines, run_sequence
from archdsl.elaborate.unused import report_unused
from archdsl.elaborate.values import Block, Given, Size, show, type_name
from archdsl.ir.graph import Graph, Program, Promise
from archdsl.ir.why import Traced, Why
from archdsl.ops.op import Param
from archdsl.source import Source, Span
from archdsl.syntax import ast

QUANTITIES = ("params", "macs", "output", "receptive_field")


def build(file: SpecFile, target: str | None, settings: Mapping[str, object], session: Session) -> Program | None:
    """The program of a network or variant; None where not even a partial one could be made. Errors are reported."""
    try:
        network, variants = _resolve(file, target, session)
        return _build(file, network, variants, settings, session)
    except Failed:
        return None


def _resolve(file: SpecFile, target: str | None, session: Session) -> tuple[ast.Network, list[ast.Variant]]:
    """The network, and the variants that lead to it, the one asked for first."""
    start = Span(file.source, 0, 0)
    if target is None:
        return _only_network(file, session), []
    variants: list[ast.Variant] = []
    name, span = target, start
    while name in file.variants:
        variant = file.variants[name]
        if variant in variants:
            from archdsl.errors.limits import EndlessLet

            raise session.reporter.fail(EndlessLet(name), span)
        variants.append(variant)
        name, span = variant.base.text, variant.base.span
    if name in file.networks:
        return file.networks[name], variants
    from archdsl.errors.files import NoSuchTarget

    known = [*file.networks, *file.variants]
    helps = did_you_mean(name, known, span)
    raise session.reporter.fail(NoSuchTarget(name, ", ".join(known) or "no network"), span, helps=helps)


def _only_network(file: SpecFile, session: Session) -> ast.Network:
    if len(file.networks) == 1:
        return next(iter(file.networks.values()))
    if session.reporter.diagnostics.failed:
        raise Failed  # what could not be read may have been the network
    from archdsl.errors.files import NoNetwork, SeveralNetworks

    error = SeveralNetworks(", ".join(file.networks)) if file.networks else NoNetwork()
    raise session.reporter.fail(error, Span(file.source, 0, 0))


def _build(
    file: SpecFile,
    network: ast.Network,
    variants: Sequence[ast.Variant],
    settings: Mapping[str, object],
    session: Session,
) -> Program:
    block = Block(network, file)
    title = variants[0].name if variants else network.name
    graph = Graph("network", title.text, title.span)
    builder = ScopeBuilder(graph, ())
    at = At(session, file, Names(), builder, block=block)
    args = _arguments(block, variants, settings, file, session)
    bind_params(block, args, iter(()), at)
    session.promises.clear()
    session.keep_promises = not settings
    result = run_sequence(network.body, at)
    if result is None:
        from archdsl.errors.shapes import BadInput

        error = BadInput(f"network `{network.name.text}` has no input", "needs an `input` before its steps")
        raise session.reporter.fail(error, network.name.span)
    graph.outputs.append(builder.localise(result))
    report_unused(graph, session.reporter)
    if variants and variants[0].body is not None:
        _variant_body(variants[0].body, at)
    return Program(title.text, graph, session.domain.nominals(), tuple(session.promises), session.domain, file.source)


def _arguments(
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
        value = tuple(_from_python(item, span, at) for item in cast("Sequence[object]", value))
    elif is_number(value):
        value = bounded(cast("int | float", value), span, at)
    elif not isinstance(value, (bool, str, type(None))):
        from archdsl.errors.values import WrongType

        found = f"a Python {type(value).__name__}"
        raise at.reporter.fail(WrongType("a parameter", "a number, a boolean, a string, None or a list", found), span)
    return Traced(value, Why("literal", span, value))


def _variant_body(body: ast.Body, at: At) -> None:
    for statement in body.statements:
        try:
            if isinstance(statement, ast.Expect):
                run_expect(statement, at)
            elif not isinstance(statement, ast.Bad):
                from archdsl.errors.names import Misplaced

                error = Misplaced("this statement", "a variant's braces hold `expect` only")
                at.reporter.report(error, statement.span)
        except Failed:
            continue


def run_declaration(statement: ast.Statement, lines: Lines, at: At) -> None:
    """`input`, `expect`, and those that are for later."""
    from archdsl.errors.names import Misplaced, Unsupported

    in_network = at.scope.graph.kind == "network"
    if isinstance(statement, ast.Input):
        if not in_network:
            raise at.reporter.fail(
                Misplaced("`input`", "an input belongs to a network, outside of groups"), statement.span
            )
        lines.end(run_input(statement, at))
    elif isinstance(statement, ast.Expect):
        if not in_network:
            raise at.reporter.fail(Misplaced("`expect`", "a promise belongs to a network or a variant"), statement.span)
        run_expect(statement, at)
    else:
        word = statement.span.text.split(None, 1)[0].split(":")[0].split("{")[0]
        raise at.reporter.fail(Unsupported(f"`{word}`"), statement.span)


def run_expect(statement: ast.Expect, at: At) -> None:
    """`expect params == 11_689_512`: kept, and checked once the whole network is known."""
    if not at.session.keep_promises:
        return
    claim = statement.claim
    if isinstance(claim, ast.Bad):
        raise Failed
    if (
        not isinstance(claim, ast.Binary)
        or claim.op not in ("==", "!=", "<", "<=", ">", ">=")
        or not isinstance(claim.left, ast.Var)
        or claim.left.name not in QUANTITIES
    ):
        raise _no_figure(claim, at)
    value = _promised(claim.left.name, claim.right, at)
    at.session.promises.append(Promise(claim.left.name, claim.op, value, statement.span))


def _no_figure(claim: ast.Expr, at: At) -> Failed:
    from archdsl.errors.promises import NoSuchFigure

    claimed = claim.left if isinstance(claim, ast.Binary) else claim
    word = claimed.name if isinstance(claimed, ast.Var) else claimed.span.text[:40]
    error = NoSuchFigure(word, ", ".join(QUANTITIES))
    return at.reporter.fail(error, claimed.span, helps=did_you_mean(word, QUANTITIES, claimed.span))


def _promised(quantity: str, node: ast.Expr, at: At) -> object:
    """An int, the text of a rounded number, or for `output` the sizes."""
    if isinstance(node, ast.Rounded):
        return node.text
    value = evaluate(node, at).value
    if quantity == "receptive_field" and isinstance(value, Size):
        return tuple(value)
    if quantity == "output":
        from archdsl.elaborate.expressions import list_items

        return tuple(item.value for item in list_items(evaluate(node, at), "`output`", node.span, at))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        from archdsl.errors.values import WrongType

        error = WrongType(f"`expect {quantity}`", "a number", f"{type_name(value)} {show(value)}")
        raise at.reporter.fail(error, node.span)
    return value
