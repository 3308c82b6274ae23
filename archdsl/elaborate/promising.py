"""`expect params == 11_689_512`: read here, kept by `archdsl.promises` once the whole network is known."""

from __future__ import annotations

from archdsl.elaborate.context import At
from archdsl.elaborate.expressions import evaluate
from archdsl.elaborate.lookup import did_you_mean
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import Size, described
from archdsl.ir.graph import Promise
from archdsl.syntax import ast

QUANTITIES = ("params", "macs", "output", "receptive_field")


def run_expect(statement: ast.Expect, at: At) -> None:
    """`expect params == 11_689_512`: kept, and checked once the whole network is known."""
    if not at.session.keep_promises:
        return
    claim = statement.claim
    if isinstance(claim, ast.Bad):
        raise Failed
    quantity, output, claimed = _figure(claim)
    if quantity not in QUANTITIES:
        from archdsl.errors.promises import NoSuchFigure

        error = NoSuchFigure(quantity, ", ".join(QUANTITIES))
        raise at.reporter.fail(error, claimed.span, helps=did_you_mean(quantity, QUANTITIES, claimed.span))
    if not isinstance(claim, ast.Binary) or claim.op not in ("==", "!=", "<", "<=", ">", ">="):
        from archdsl.errors.promises import NoComparison

        raise at.reporter.fail(NoComparison(claimed.span.text[:40]), claim.span)
    value = _promised(quantity, claim.right, at)
    at.session.promises.append(Promise(quantity, claim.op, value, statement.span, output))


def _figure(claim: ast.Expr) -> tuple[str, str, ast.Expr]:
    """What a claim is about: the figure's word, for `output.mask` the output's name, and where it stands."""
    claimed = claim.left if isinstance(claim, ast.Binary) else claim
    if isinstance(claimed, ast.Attr) and isinstance(claimed.base, ast.Var) and claimed.base.name == "output":
        return "output", claimed.name.text, claimed
    return claimed.name if isinstance(claimed, ast.Var) else claimed.span.text[:40], "", claimed


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
