"""Source to syntax tree. Never fails: mistakes go to the diagnostics, and what they spoil becomes `Bad`.

text -> hide_forbidden -> lex -> mend_words -> match brackets -> lay_out -> automaton, with recovery -> tree
What only mends is imported at the first mistake: a clean file pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archdsl.budget import Budget
from archdsl.diagnostic import Diagnostics
from archdsl.source import Source, Span
from archdsl.syntax import ast
from archdsl.syntax.brackets import matches
from archdsl.syntax.lalr import Automaton
from archdsl.syntax.layout import lay_out
from archdsl.syntax.lexer import FORBIDDEN, Token, lex
from archdsl.syntax.numbers import classify
from archdsl.syntax.reports import Enough, Reports
from archdsl.syntax.strings import Hole, Mistake, Text, pieces
from archdsl.syntax.tables import load
from archdsl.syntax.tree import TreeBuilder


def parse(source: Source, budget: Budget, diagnostics: Diagnostics) -> ast.File:
    """The tree of a file. What is not UTF-8 should reach this as lone surrogates ("surrogateescape")."""
    tree = _parse(source, "file", budget, diagnostics)
    return tree if isinstance(tree, ast.File) else ast.File(tree.span, ())


def expression(text: str, budget: Budget, diagnostics: Diagnostics, name: str = "--set") -> ast.Expr:
    """The tree of an expression that stands alone, as on the command line. `name` is what messages call its place."""
    return _parse(Source(name, text), "expr", budget, diagnostics)


def _parse(source: Source, start: str, budget: Budget, diagnostics: Diagnostics) -> Any:
    try:
        return Parser(source, budget, diagnostics).run(start, 0, len(source.text))
    except Enough:
        return ast.Bad(Span(source, 0, len(source.text)))


class Parser:
    """Parses one source, and the expressions in its strings."""

    def __init__(self, source: Source, budget: Budget, diagnostics: Diagnostics) -> None:
        self.reports = Reports(source, budget, diagnostics)
        self.tables = load()
        self.builder = TreeBuilder(source, self.tables.rules, self.number)
        self.text = source.text
        size = len(self.text) if self.text.isascii() else len(self.text.encode("utf-8", "surrogatepass"))
        self.reports.check("bytes", size, 0, 0)
        if FORBIDDEN.search(self.text):
            from archdsl.syntax.characters import hide_forbidden

            self.text = hide_forbidden(self.text, self.reports)

    def run(self, start: str, begin: int, end: int) -> Any:
        """Parse a part of the text, as what the grammar calls `start`."""
        tokens = lex(self.text, begin, end)
        self.reports.check("tokens", len(tokens), begin, begin)
        if any(token.type in ("BAD", "BAD_STRING") for token in tokens):
            from archdsl.syntax.characters import mend_words

            tokens = mend_words(self.text, tokens, self.reports)
        if not matches(tokens, self.reports):
            from archdsl.syntax.unmatched import mend

            tokens = mend(self.text, tokens, self.reports)
        tree, bodies = self.drive(start, lay_out(tokens, end, self.misplaced))
        for body in bodies:  # grows: there may be bodies in a body
            bodies += self.drive("body", body)[1]
        return tree

    def drive(self, start: str, tokens: list[Token]) -> tuple[Any, list[list[Token]]]:
        """The tree of laid out tokens, and the braces that could not be made part of it."""
        automaton = Automaton(self.tables, start, self.builder, self.template, self.reports)
        recovery = None
        at: int | None = 0
        while at is not None:
            token = tokens[at]
            if not automaton.fits(token.type):
                from archdsl.syntax.recovery import Recovery

                recovery = recovery or Recovery(automaton, tokens, self.reports)
                at = recovery.recover(at)
            elif token.type == "$END":
                return automaton.finish(token.start), recovery.bodies if recovery else []
            else:
                automaton.shift(token)
                at += 1
        return ast.Bad(self.span(tokens[0].start, tokens[-1].end)), []

    def span(self, start: int, end: int) -> Span:
        return self.reports.span(start, end)

    def misplaced(self, brace: Token, clause: Token) -> None:
        from archdsl.errors.syntax import LineBreak

        bare = not self.text[brace.end : clause.start].strip()
        helps = [self.reports.edit("put it on that line", brace.end, clause.start, " ")] if bare else []
        self.reports.add(LineBreak(clause.text, "}"), clause.start, clause.end, *helps)

    def number(self, token: Token) -> ast.Expr:
        span = self.span(token.start, token.end)
        try:
            value = classify(token.text)
        except OverflowError:
            value = None
        if value is None:
            from archdsl.syntax.literals import report_number

            report_number(token, self.reports)
            return ast.Bad(span)
        return ast.Rounded(span, value) if isinstance(value, str) else ast.Literal(span, value)

    def template(self, token: Token) -> tuple[ast.Template, int]:
        """The parts of a string, and how deep the expressions in it nest."""
        parts: list[str | ast.Expr] = []
        start = token.start + (2 if token.type == "REF_STRING" else 1)
        content: Sequence[Text | Hole | Mistake] = list(pieces(self.text, start, token.end - 1)) if token.text else ()
        for piece in content:
            if isinstance(piece, Text):
                parts.append(piece.value)
            elif isinstance(piece, Hole):
                parts.append(self.run("expr", piece.start, piece.end))
            else:
                from archdsl.syntax.literals import report_string

                report_string(self.text, token, piece, self.reports)
        return ast.Template(self.span(token.start, token.end), tuple(parts)), 1 if len(parts) > 1 else 0
