"""Tokens in the user's words."""

from __future__ import annotations

from archdsl.syntax.lexer import Token
from archdsl.syntax.tables import load

OPERATORS = frozenset(
    ("AND", "OR", "CMP", "DOTDOT", "PLUS", "MINUS", "STAR", "SLASH", "SLASHSLASH", "PERCENT", "CIRCUMFLEX")
)
GOES_ON = OPERATORS | {"LPAR", "LSQB", "DOT", "IF"}
"""What may follow a complete value: always possible, so never what is missing."""
ENDS = frozenset(("_NL", "RBRACE", "$END", "ERROR"))
SOFT = frozenset(("AS", "WHERE"))
"""Words of `ORDER` that can be names."""

ORDER = ("COMMA", "RPAR", "RSQB", "COLON", "EQUAL", "IN", "THEN", "ELSE", "LBRACE", "_ARROW", "CMP", "AS", "WHERE")
MOST = 3
LONGEST = 40


def found(token: Token) -> str:
    """What stands there."""
    if token.type == "_NL":
        return "`;`" if token.text == ";" else "the end of the line"
    if token.type == "$END":
        return "the end"
    return f"`{shorten(token.text)}`"


def shorten(text: str) -> str:
    """A text to be shown: the end of a long one is left out, and what can't be seen is spelt."""
    text = text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def expected(possible: frozenset[str]) -> str:
    """What could stand there: the most telling of many."""
    if "ERROR" in possible:
        return "a statement" if "INPUT" in possible else "`network`, `block`, `variant`, `let`, `import` or `mesh`"
    if "NUMBER" in possible:
        return "a value" if "RPAR" not in possible and "RSQB" not in possible else _either(["a value"], possible)
    if "NAME" in possible:
        return "a step" if "LBRACE" in possible else _either(["a name"], possible - SOFT)
    return _either(["a text in quotes"] if "STRING" in possible else [], possible)


def only_braces(possible: frozenset[str]) -> bool:
    """Whether what is missing can only be a `{`."""
    return not possible - GOES_ON - {"LBRACE"} and "LBRACE" in possible


def _either(first: list[str], possible: frozenset[str]) -> str:
    spellings = load().spellings
    telling = possible - GOES_ON if possible - GOES_ON - ENDS else possible
    words = first + [f"`{spelling(kind)}`" for kind in ORDER if kind in telling]
    if possible & {"_NL", "$END"}:
        words = [*words[: MOST - 1], "the end of the line"]
    if not words:
        words = [f"`{spellings[kind]}`" for kind in sorted(telling) if kind in spellings] or ["something else"]
    words = words[:MOST]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def spelling(kind: str) -> str:
    """How a kind of token is written."""
    return {"_ARROW": "->", "CMP": "=="}.get(kind) or load().spellings[kind]
