"""Where statements end: turns newlines and `;` into `_NL`, which only separates, so that the grammar needs no newlines.

A newline ends a statement except inside ( ) and [ ], beside `->`, after `=` and a binary operator, before `else`,
after `{`, before `}`, and behind another end. Works on the finished list of tokens: some of this looks ahead.
"""

from __future__ import annotations

from collections.abc import Callable

from archdsl.syntax.brackets import CLOSERS, CLOSING
from archdsl.syntax.lexer import Token

BINARY = ("CMP", "DOTDOT", "PLUS", "MINUS", "STAR", "SLASH", "SLASHSLASH", "PERCENT", "CIRCUMFLEX", "AND", "OR")
GOES_ON = frozenset(("_ARROW", "EQUAL", "LBRACE", *BINARY))
"""What a newline may follow without ending a statement."""
GOES_BACK = frozenset(("_ARROW", "ELSE"))
"""What a newline may precede without ending a statement."""


def lay_out(tokens: list[Token], end: int, misplaced: Callable[[Token, Token], None]) -> list[Token]:
    """The tokens with `_NL` between statements and `$END` at the end.

    `misplaced` is told of each clause (`shortcut { }`) that does not stand on the line of the `}` before it, and of
    that `}`; it is taken as if it did.
    """
    laid: list[Token] = []
    brackets = 0
    ending: Token | None = None
    for at, token in enumerate(tokens):
        kind = token.type
        if kind == "NEWLINE" or kind == "SEMI":
            if not brackets and (ending is None or kind == "SEMI"):
                ending = token
            elif brackets and kind == "SEMI":
                laid.append(token)  # ends nothing here: the parser will say so
            continue
        if ending:
            before = laid[-1].type if laid else "LBRACE"
            goes_on = ending.type == "NEWLINE" and (kind in GOES_BACK or before in GOES_ON)
            if goes_on or kind == "RBRACE" or before == "LBRACE":
                pass
            elif before == "RBRACE" and token.text == "shortcut" and _is_clause(tokens, at):
                misplaced(laid[-1], token)
            else:
                laid.append(Token("_NL", ending.text, ending.start, ending.end))
            ending = None
        if kind in CLOSING:
            brackets += 1
        elif kind in CLOSERS:
            brackets -= 1
        laid.append(token)
    return [*laid, Token("$END", "", end, end)]


def _is_clause(tokens: list[Token], at: int) -> bool:
    """Whether a word is followed by braces, maybe with arguments between."""
    depth = 0
    for token in tokens[at + 1 :]:
        if token.type == "LPAR":
            depth += 1
        elif token.type == "RPAR":
            depth -= 1
        elif depth == 0:
            return token.type == "LBRACE"
    return False
