"""Makes every bracket of a token list match, so that the parser can skip a statement by counting braces.

Round and square brackets hold neither `->` nor braces, and what they hold is indented further than the line that opens
them; so one that is not closed ends with its line or the deeper lines below it. Braces are matched by indentation, and
only where counting shows that one is missing: a well-formed file may be indented as it likes.
"""

from __future__ import annotations

from archdsl.syntax.lexer import Token
from archdsl.syntax.reports import Reports

CLOSING = {"LPAR": "RPAR", "LSQB": "RSQB"}
CLOSERS = frozenset(CLOSING.values())
ENDS_BRACKETS = frozenset(("LBRACE", "RBRACE", "_ARROW", "$END"))
"""What can't stand in round and square brackets."""


def matches(tokens: list[Token], reports: Reports) -> bool:
    """Whether every bracket is closed, by its own kind and in its place. Bounds how deep they nest."""
    deepest = reports.budget.limits.nesting
    open_: list[str] = []
    for token in tokens:
        kind = token.type
        if kind in CLOSING or kind == "LBRACE":
            if kind == "LBRACE" and open_ and open_[-1] != "RBRACE":
                return False
            open_.append(CLOSING.get(kind, "RBRACE"))
            if len(open_) > deepest:
                reports.check("nesting", len(open_), token.start, token.end)
        elif kind in CLOSERS or kind == "RBRACE":
            if not open_ or open_.pop() != kind:
                return False
        elif kind == "_ARROW" and open_ and open_[-1] != "RBRACE":
            return False
    return not open_
