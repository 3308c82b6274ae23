"""Statements between braces, unfolded in textual order."""

from __future__ import annotations

from archdsl.elaborate import lookup
from archdsl.elaborate.context import At
from archdsl.elaborate.expressions import bind_targets, condition, evaluate, list_items
from archdsl.elaborate.flow import tensors_in
from archdsl.elaborate.foresight import least_steps
from archdsl.elaborate.lines import Lines, Piped
from archdsl.elaborate.report import Failed
from archdsl.elaborate.steps import run_chain
from archdsl.elaborate.values import POISON, Flow
from archdsl.ir.graph import Guard, Turn
from archdsl.ir.why import Traced, Why
from archdsl.source import Span
from archdsl.syntax import ast


def run_sequence(body: ast.Body, at: At) -> Flow | None:
    """Braces whose lines pipe; their result."""
    lines = Piped(at.current)
    run_body(body, lines, at)
    return lines.current


def run_body(body: ast.Body, lines: Lines, at: At) -> None:
    """Every statement in turn. A failed one was reported; the next ones still get checked."""
    for statement in body.statements:
        at.current = lines.begin()
        if isinstance(statement, ast.Chain):
            result = run_chain(statement, at)
            if result is not None:
                lines.end(result, statement.span, at)
            continue
        try:
            if isinstance(statement, ast.If):
                _run_if(statement, lines, at)
            elif isinstance(statement, ast.For):
                _run_for(statement, lines, at)
            elif isinstance(statement, ast.Let):
                _run_let(statement, at)
            elif isinstance(statement, ast.Bad):
                _run_bad(lines, at, statement.span)
            else:
                from archdsl.elaborate.declarations import run_declaration

                run_declaration(statement, lines, at)
        except Failed:
            if isinstance(statement, (ast.If, ast.For)):
                _run_bad(lines, at, statement.span)
    at.current = lines.begin()


def _run_bad(lines: Lines, at: At, span: Span) -> None:
    """Text that could not be read may have been a step, or the input: what it would have made is unknown."""
    if at.current is not None:
        span = tensors_in(at.current)[0].value.node.place.span
    elif not span.text.startswith("input"):
        return
    from archdsl.elaborate.layers import add_unknown

    lines.end(add_unknown(None, span, at), span, at)


def _run_let(statement: ast.Let, at: At) -> None:
    try:
        traced = evaluate(statement.value, at)
    except Failed:
        traced = Traced(POISON, Why("literal", statement.span, POISON))
    lookup.bind(statement.name, traced, at)


def _run_if(statement: ast.If, lines: Lines, at: At) -> None:
    test = condition(statement.condition, at, "what stands behind `if`")
    taken = test.value is True
    branch, skipped = (statement.then, statement.orelse) if taken else (statement.orelse, statement.then)
    guard = Guard(Traced(taken, Why("if", statement.condition.span, taken, (test.why,))), taken)
    counted = at.scope.counted
    if isinstance(branch, ast.If):
        _run_if(branch, lines, at.inner(guard=guard))
    elif branch is not None:
        run_body(branch, lines, at.inner(guard=guard))
    if skipped is not None:
        at.scope.skip(skipped, statement.condition.span)
    if _count_varies(at.scope.counted - counted, skipped) and test.why.from_caller:
        at.scope.conditional = guard


def _count_varies(written: int, skipped: ast.Body | ast.If | None) -> bool:
    """Whether the other answer would have written another number of steps, as far as its text tells."""
    return written != (least_steps(skipped) if isinstance(skipped, ast.Body) else 0)


def _run_for(statement: ast.For, lines: Lines, at: At) -> None:
    iterable = evaluate(statement.iterable, at)
    turns = list_items(iterable, "`for`", statement.iterable.span, at)
    at.session.foresee("steps", len(turns) * least_steps(statement.body), statement.span)
    at.session.spend("work", len(turns), statement.span)
    count = Traced(len(turns), Why("len", statement.iterable.span, len(turns), (iterable.why,)))
    for index, item in enumerate(turns):
        inner = at.inner(turn=Turn(statement.iterable.span, index, count))
        bind_targets(statement.targets, item, inner)
        run_body(statement.body, lines, inner)
