"""The further braces behind a step's own: `residual { } shortcut { }`."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.elaborate.context import At
from archdsl.elaborate.lookup import did_you_mean
from archdsl.syntax import ast


def clauses_of(owner: str, words: Sequence[str], unit: ast.Use, at: At) -> dict[str, ast.Body]:
    """The further braces by their words. One with a wrong word is taken for the one that was meant, and reported."""
    found: dict[str, ast.Body] = {}
    for clause in unit.clauses:
        word, span = clause.name.text, clause.name.span
        if word not in words:
            from archdsl.errors.names import Misplaced

            helps = did_you_mean(word, words, span)
            at.reporter.report(Misplaced(f"`{word}`", f"`{owner}` has no such part"), span, helps=helps)
            word = next((known for known in words if known not in found), "")
        elif word in found:
            from archdsl.errors.names import Misplaced

            at.reporter.report(Misplaced(f"a second `{word}`", f"`{owner}` has one"), span)
            continue
        if word:
            found[word] = clause.body
    return found
