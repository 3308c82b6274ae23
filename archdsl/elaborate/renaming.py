"""`rename "norm.1" -> "norm1"`: rules for the keys of weight files. The network itself isn't touched by them."""

from __future__ import annotations

from archdsl.elaborate.context import At
from archdsl.elaborate.expressions import text
from archdsl.ir.keys import Rename
from archdsl.syntax import ast

MOST = 1_000
"""Every rule is tried on every key."""


def run_rename(statement: ast.Rename, at: At) -> None:
    """Keep a rule; the rules apply in the order in which they are met."""
    rule = Rename(text(statement.old, at), text(statement.new, at))
    renames = at.session.renames
    problem = rule.problem() if len(renames) < MOST else f"there are more than {MOST:,} rules"
    if problem:
        from archdsl.errors.weights import BadRename

        raise at.reporter.fail(BadRename(problem), statement.span)
    renames.append(rule)
