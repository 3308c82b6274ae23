"""What stands between a variant's braces."""

from __future__ import annotations

from archdsl.elaborate.context import At
from archdsl.elaborate.outputs import run_output
from archdsl.elaborate.promising import run_expect
from archdsl.elaborate.renaming import run_rename
from archdsl.elaborate.report import Failed
from archdsl.syntax import ast


def run_variant_body(body: ast.Body, at: At, *, own: bool) -> None:
    """Outputs beside those of the network, and rules of `init` behind its own; for the variant asked for (`own`) also
    promises about its one set of arguments, and rules for its weight files."""
    for statement in body.statements:
        try:
            if isinstance(statement, ast.Output):
                run_output(statement, at)
            elif isinstance(statement, ast.Init):
                from archdsl.elaborate.initialising import run_init

                run_init(statement, at)
            elif isinstance(statement, ast.Expect):
                if own:
                    run_expect(statement, at)
            elif isinstance(statement, ast.Rename):
                if own:
                    run_rename(statement, at)
            elif not isinstance(statement, ast.Bad):
                from archdsl.errors.names import Misplaced

                error = Misplaced(
                    "this statement", "a variant's braces hold `expect`, `init`, `output` and `rename` only"
                )
                at.reporter.report(error, statement.span)
        except Failed:
            continue
