"""Statements that declare something of the network instead of adding a step."""

from __future__ import annotations

from archdsl.elaborate.context import At
from archdsl.elaborate.inputs import run_input
from archdsl.elaborate.lines import Lines
from archdsl.elaborate.promising import run_expect
from archdsl.elaborate.renaming import run_rename
from archdsl.syntax import ast


def run_declaration(statement: ast.Statement, lines: Lines, at: At) -> None:
    """`input`, `output`, `expect`, `rename`, `init`, `param` and its like."""
    from archdsl.errors.names import Misplaced

    in_network = at.scope.graph.kind == "network"
    if isinstance(statement, ast.Input):
        if not in_network or at.region is not None or at.turns:
            error = Misplaced("`input`", "an input belongs to a network, outside of groups, connectors and loops")
            at.reporter.report(error, statement.span)
        if in_network and (not at.turns or at.scope.find(statement.name.text) is None):
            run_input(statement, lines, at)
    elif isinstance(statement, ast.Output):
        from archdsl.elaborate.outputs import run_output

        run_output(statement, at)
    elif isinstance(statement, ast.Expect):
        if not in_network:
            raise at.reporter.fail(Misplaced("`expect`", "a promise belongs to a network or a variant"), statement.span)
        run_expect(statement, at)
    elif isinstance(statement, ast.Rename):
        if not in_network:
            error = Misplaced("`rename`", "it is about whole keys, so it belongs to a network or a variant")
            raise at.reporter.fail(error, statement.span)
        run_rename(statement, at)
    elif isinstance(statement, ast.Init):
        if not in_network:
            reason = "rules belong to a network or a variant; a step states its own: bn(init=zeros)"
            raise at.reporter.fail(Misplaced("`init`", reason), statement.span)
        from archdsl.elaborate.initialising import run_init

        run_init(statement, at)
    elif isinstance(statement, ast.Declare):
        from archdsl.elaborate.declared import run_declare

        run_declare(statement, at)
