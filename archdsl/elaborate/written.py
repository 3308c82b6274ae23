"""What is written in a piece of text: a step's label, and the names that stand anywhere in some braces."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.elaborate.context import At
from archdsl.elaborate.labels import why_not
from archdsl.elaborate.report import Failed
from archdsl.source import Span
from archdsl.syntax import ast

KEYWORDS = frozenset(["if", "then", "else", "for", "in", "and", "or", "not", "true", "false", "none"])
"""The words that the language keeps to itself."""


class StepLabel:
    """A label as path components, and where it stands."""

    __slots__ = ("parts", "span")

    def __init__(self, parts: tuple[str, ...], span: Span) -> None:
        self.parts = parts
        self.span = span


def label_of(node: ast.Path | ast.Template | None, at: At) -> StepLabel | None:
    """A step's label; None without one, or with one that can't be used (which was reported)."""
    if node is None:
        return None
    if isinstance(node, ast.Path):
        text = node.text
    else:
        from archdsl.elaborate.expressions import text as filled_in

        try:
            text = filled_in(node, at)
        except Failed:
            return None
    parts = tuple(text.split("."))
    for part in parts:
        reason = why_not(part)
        if reason and isinstance(node, ast.Path) and part in KEYWORDS:
            return None  # which the parser has reported
        if reason:
            from archdsl.elaborate.values import show
            from archdsl.errors.names import BadLabel

            at.reporter.report(BadLabel(show(part)[1:-1], reason), node.span)
            return None
    return StepLabel(parts, node.span)


def labels_in(branch: ast.Body | ast.If) -> dict[str, Span]:
    """The labels written in braces, at any depth, as far as they are plain words."""
    return {
        node.label.text: node.label.span
        for node in _inside(branch)
        if isinstance(node, ast.Step) and isinstance(node.label, ast.Path)
    }


def lets_in(body: ast.Body) -> dict[str, Span]:
    """The names that a `let` between braces binds, at any depth."""
    return {node.name.text: node.name.span for node in _inside(body) if isinstance(node, ast.Let)}


def _inside(start: ast.Body | ast.If) -> Iterator[ast.Node]:
    """Every statement and step below."""
    todo: list[ast.Node | None] = [start]
    while todo:
        node = todo.pop()
        if node is None:
            continue
        yield node
        if isinstance(node, ast.Body):
            todo += reversed(node.statements)
        elif isinstance(node, ast.If):
            todo += [node.orelse, node.then]
        elif isinstance(node, ast.Chain):
            todo += reversed(node.steps)
        elif isinstance(node, ast.For):
            todo.append(node.body)
        elif isinstance(node, ast.Step):
            todo.append(node.unit)
        elif isinstance(node, ast.Use):
            todo += [*(clause.body for clause in reversed(node.clauses)), node.body]
