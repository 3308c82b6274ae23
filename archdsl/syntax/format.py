"""The one way to write a spec: `archdsl fmt`.

Works on words and comments, not on the tree, so that nothing the author wrote is lost: brackets that are not needed
stay, and so do comments. The author decides on blank lines (one at most), on a new line before `->`, and whether
braces and brackets hold their content on one line or on several; spaces, indentation and what doesn't fit are decided
here. Formatting what was formatted changes nothing.
"""

from __future__ import annotations

from archdsl.budget import Budget
from archdsl.diagnostic import Diagnostics
from archdsl.source import Source
from archdsl.syntax.layout import lay_out
from archdsl.syntax.lexer import lex
from archdsl.syntax.nesting import nest
from archdsl.syntax.parse import parse
from archdsl.syntax.printer import Printer
from archdsl.syntax.reports import Reports
from archdsl.syntax.trivia import words


def format_text(source: Source, budget: Budget, diagnostics: Diagnostics) -> str | None:
    """The text of a file, formatted; None if it has syntax errors, which go to the diagnostics."""
    before = len(diagnostics)
    parse(source, budget, diagnostics)
    if len(diagnostics) > before:
        return None
    text = source.text.removeprefix("\ufeff")
    laid = lay_out(lex(text), len(text), lambda _brace, _clause: None)
    return Printer().file(nest(words(text, laid, Reports(source, budget, diagnostics))))
