"""`expect params == 11_689_512`: read here, kept by `archdsl.promises` once the whole network is known."""

from __future__ import annotations

from archdsl.elaborate.context import At
from archdsl.elaborate.expressions import evaluate
from archdsl.elaborate.lookup import did_you_mean
from archdsl.elaborate.renaming import run_rename
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import Size, described
from archdsl.ir.graph import Promise
from archdsl.syntax import ast

QUANTITIES = ("params", "macs", "output", "receptive_field")


def run_variant_body(body: ast.Body, at: At) -> None:
    """A variant's braces: its own promises, about this one set of arguments, and rules for its weight files."""
    for statement in body.statements:
        try:
            if isinstance(statement, ast.Expect):
                run_expect(statement, at)
            elif isinstance(statement, ast.Rename):
                run_rename(statement, at)
            elif not isinstance(statement, ast.Bad):
                from archdsl.errors.names import Misplaced

                error = Misplaced("this statement", "a variant's braces hold `expect` and `rename` only")
                at.reporter.report(error, statement.span)
        except Failed:
            continue


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
    traced = evaluate(node, at)
    value = traced.value
    if quantity == "receptive_field" and isinstance(value, Size):
        return tuple(value)
    if quantity == "output":
        from archdsl.elaborate.expressions import list_items

        return tuple(item.value for item in list_items(traced, "`output`", node.span, at))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        from archdsl.errors.values import WrongType

        error = WrongType(f"`expect {quantity}`", "a number", described(value))
        raise at.reporter.fail(error, node.span)
    return value
