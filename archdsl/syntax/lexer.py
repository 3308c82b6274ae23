"""Text to tokens. Knows no statements: `layout.py` says where they end."""

from __future__ import annotations

import re

from archdsl.syntax.tables import load

FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]+|\r(?!\n)"
)
"""Control characters, those that set the direction of writing, those without width, and bytes that are not UTF-8."""


class Token:
    """A word, number, string or sign, and where it stands."""

    __slots__ = ("end", "start", "text", "type")

    def __init__(self, type: str, text: str, start: int, end: int) -> None:
        self.type = type
        self.text = text
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"{self.type}({self.text!r})"


def lex(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """The tokens of a text or a part of it. Never fails: what means nothing becomes a BAD or a BAD_STRING."""
    tables = load()
    keywords = tables.keywords
    ignored = tables.ignored
    tokens: list[Token] = []
    for match in tables.pattern.finditer(text, start, len(text) if end is None else end):
        kind = match.lastgroup
        if kind in ignored:
            continue
        word = match.group()
        if kind == "NAME":
            kind = keywords.get(word, kind)
        tokens.append(Token(kind or "BAD", word, match.start(), match.end()))
    return tokens


def comments(text: str) -> list[Token]:
    """The comments of a text, which the parser never sees."""
    return [
        Token("COMMENT", match.group(), match.start(), match.end())
        for match in load().pattern.finditer(text)
        if match.group().startswith("#")
    ]


def indentation(text: str, offset: int) -> int:
    """How far the line of an offset is indented."""
    start = text.rfind("\n", 0, offset) + 1
    return len(text[start:offset]) - len(text[start:offset].lstrip(" \t"))
