"""Source to syntax tree. Never fails: mistakes go to the diagnostics, and what they spoil becomes `Bad`."""

from __future__ import annotations

from typing import Any

from archdsl.budget import Budget, Exceeded
from archdsl.diagnostic import Diagnostic, Diagnostics, Error
from archdsl.source import Source, Span
from archdsl.syntax import ast
from archdsl.syntax.lalr import Automaton
from archdsl.syntax.layout import lay_out
from archdsl.syntax.lexer import Token, lex
from archdsl.syntax.numbers import classify
from archdsl.syntax.strings import Hole, Text, pieces
from archdsl.syntax.tables import load
from archdsl.syntax.tree import TreeBuilder


def parse(source: Source, budget: Budget, diagnostics: Diagnostics) -> ast.File:
    """The tree of a file."""
    parser = Parser(source, budget, diagnostics)
    try:
        budget.check("bytes", len(source.text))
        return parser.run("file", 0, len(source.text))
    except Exceeded as over:
        parser.too_much(over)
        return ast.File(Span(source, 0, len(source.text)), ())


def expression(text: str, budget: Budget, diagnostics: Diagnostics, name: str = "--set") -> ast.Expr:
    """The tree of an expression that stands alone, as on the command line. `name` is what messages call its place."""
    source = Source(name, text)
    parser = Parser(source, budget, diagnostics)
    try:
        budget.check("bytes", len(text))
        return parser.run("expr", 0, len(text))
    except Exceeded as over:
        parser.too_much(over)
        return ast.Bad(Span(source, 0, len(text)))


class Parser:
    """Parses one source, and the expressions in its strings."""

    def __init__(self, source: Source, budget: Budget, diagnostics: Diagnostics) -> None:
        self.source = source
        self.budget = budget
        self.diagnostics = diagnostics
        self.builder = TreeBuilder(source, self.number)
        self.at = Span(source, 0, 0)

    def run(self, start: str, begin: int, end: int) -> Any:
        tokens = lex(self.source.text, begin, end)
        self.budget.check("tokens", len(tokens))
        laid = lay_out(tokens, end)
        automaton = Automaton(load(), start, self.builder, self.template, self.budget)
        for token in laid:
            if token.type == "$END":
                break
            if not automaton.fits(token.type):
                from archdsl.errors.syntax import Unexpected

                self.report(Unexpected(token.text, "something else"), token.start, token.end)
                return (
                    ast.Bad(Span(self.source, begin, end))
                    if start == "expr"
                    else ast.File(Span(self.source, begin, end), ())
                )
            automaton.shift(token)
        return automaton.finish(end)

    def report(self, error: Error, start: int, end: int) -> None:
        self.diagnostics.add(Diagnostic(error, Span(self.source, start, end)))

    def too_much(self, over: Exceeded) -> None:
        from archdsl.errors.limits import too_much

        self.report(too_much(over.limit, over.allowed, over.asked), 0, 0)

    def number(self, token: Token) -> ast.Expr:
        span = Span(self.source, token.start, token.end)
        value = classify(token.text)
        if isinstance(value, str):
            return ast.Rounded(span, value)
        return ast.Literal(span, value)

    def template(self, token: Token) -> tuple[ast.Template, int]:
        parts: list[str | ast.Expr] = []
        start = token.start + 2 if token.type == "REF_STRING" else token.start + 1
        for piece in pieces(self.source.text, start, token.end - 1):
            if isinstance(piece, Text):
                parts.append(piece.value)
            elif isinstance(piece, Hole):
                parts.append(self.run("expr", piece.start, piece.end))
        return ast.Template(Span(self.source, token.start, token.end), tuple(parts)), 0
