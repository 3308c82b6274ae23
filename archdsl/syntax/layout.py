"""Where statements end: turns newlines and `;` into `_NL`, which only separates, so that the grammar needs no newlines.

A newline ends a statement except inside ( ) and [ ], beside `->`, after `=` and a binary operator, before `else`,
after `{`, before `}`, and behind another end. Works on the finished list of tokens: some of this looks ahead.
"""

from __future__ import annotations

from archdsl.syntax.lexer import Token

OPEN = {"LPAR": "RPAR", "LSQB": "RSQB"}
CLOSE = frozenset(OPEN.values())

GOES_ON = frozenset(
    "_ARROW EQUAL CMP DOTDOT PLUS MINUS STAR SLASH SLASHSLASH PERCENT CIRCUMFLEX AND OR LBRACE _NL".split()
)
"""What a newline may follow without ending a statement."""

GOES_BACK = frozenset(("_ARROW", "ELSE", "RBRACE", "$END"))
"""What a newline may precede without ending a statement."""


def lay_out(tokens: list[Token], end: int) -> list[Token]:
    """The tokens with `_NL` between statements and `$END` at the end."""
    laid: list[Token] = []
    brackets = 0
    ending: Token | None = None
    for token in [*tokens, Token("$END", "", end, end)]:
        kind = token.type
        if kind in ("NEWLINE", "SEMI"):
            if not brackets and ending is None:
                ending = token
            continue
        if ending:
            if kind not in GOES_BACK and laid and laid[-1].type not in GOES_ON:
                laid.append(Token("_NL", ending.text, ending.start, ending.end))
            ending = None
        if kind in OPEN:
            brackets += 1
        elif kind in CLOSE:
            brackets = max(0, brackets - 1)
        laid.append(token)
    return laid
