"""A lower bound on the steps that a piece of text unfolds to, so that 10^12 steps are refused before the first one."""

from __future__ import annotations

from archdsl.syntax import ast

_CAP = 10**15


def least_steps(node: ast.Body | ast.Use | ast.Run) -> int:
    """Steps that are written whatever the arguments: outside every `if`, counting loops over literal ranges."""
    if isinstance(node, ast.Run):
        return 0
    if isinstance(node, ast.Use):
        return least_steps(node.body) if node.body else 1
    total = 0
    for statement in node.statements:
        if isinstance(statement, ast.Chain):
            for step in statement.steps:
                group = isinstance(step.unit, ast.Body)
                total += (group + least_steps(step.unit)) * (1 if step.repeat is None else _literal(step.repeat))
        elif isinstance(statement, ast.For):
            total += least_steps(statement.body) * _literal_length(statement.iterable)
    return min(total, _CAP)


def _literal(node: ast.Expr) -> int:
    is_count = isinstance(node, ast.Literal) and isinstance(node.value, int) and not isinstance(node.value, bool)
    return max(0, node.value) if is_count else 0  # type: ignore[union-attr, arg-type, operator]


def _literal_length(node: ast.Expr) -> int:
    if isinstance(node, ast.ListExpr):
        return len(node.items)
    if isinstance(node, ast.Binary) and node.op == "..":
        return max(0, _literal(node.right) - _literal(node.left))
    return 0
