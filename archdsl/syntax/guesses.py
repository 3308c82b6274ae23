"""Which change to a line with a bracket too many or too few makes it read: the edit to suggest.

Where the bracket is closed by another line, or nothing makes the line read, only what the brackets themselves say
is left.
"""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostic import Help
from archdsl.syntax.brackets import CLOSING
from archdsl.syntax.lalr import advance
from archdsl.syntax.layout import GOES_ON
from archdsl.syntax.lexer import Token, lex
from archdsl.syntax.reports import Reports
from archdsl.syntax.tables import load

LONGEST = 80
"""A line of more tokens is left alone."""

PAIRS = {"(": ")", "[": "]", "{": "}"}
OPENING = {closing: opening for opening, closing in PAIRS.items()}


def mends_of(token: Token, reports: Reports, usual: Help) -> tuple[Help, ...]:
    """The help for a bracket without its other half; `usual` is what the brackets alone suggest."""
    start, end = reports.line(token.start)
    assert usual.edit
    place = usual.edit.span
    if not (start <= place.start <= end) or end - start > 10 * LONGEST:
        return (usual,)
    words = lex(reports.source.text, start, end)
    if len(words) > LONGEST:
        return (usual,)
    for help_ in _guesses(token, words, reports, usual):
        if _line_reads(help_, start, end):
            return (help_,)
    # Halves of other lines' brackets are on this one too: nothing could make it read.
    return () if abs(_balance(words)) == 1 else (usual,)


def _guesses(token: Token, words: list[Token], reports: Reports, usual: Help) -> Iterator[Help]:
    yield usual
    yield reports.edit("remove it", token.start, token.end, "")
    closing = PAIRS.get(token.text)
    for word in words:
        if closing and word.start >= token.end:
            yield reports.edit(
                f"close it with `{closing}`", word.end, word.end, f" {closing}" if closing == "}" else closing
            )
        elif not closing and word.end <= token.start and word.type == "NAME":
            opening = OPENING[token.text]
            yield reports.edit(f"open it with `{opening}`", word.end, word.end, " {" if opening == "{" else opening)


def _line_reads(help_: Help, start: int, end: int) -> bool:
    """Whether a line is a statement, or the beginning of one, with an edit made."""
    assert help_.edit
    span = help_.edit.span
    text = span.source.text
    line = text[start : span.start] + help_.edit.text + text[span.end : end]
    kinds = ["_NL" if word.type == "SEMI" else word.type for word in lex(line) if word.type != "NEWLINE"]
    if kinds and kinds[0] == "RBRACE":
        kinds = ["NAME", "LBRACE", *kinds]  # the end of what began above
    if kinds and kinds[-1] not in GOES_ON:
        kinds.append("_NL")
    return reads(kinds)


def reads(kinds: list[str]) -> bool:
    """Whether these tokens could begin a file, or what stands in braces."""
    tables = load()
    file, body = [tables.starts["file"][0]], [tables.starts["body"][0]]
    in_body = ["LBRACE", *kinds]
    return advance(tables, file, kinds) == len(kinds) or advance(tables, body, in_body) == len(in_body)


def _balance(words: list[Token]) -> int:
    """How many brackets more are opened than closed."""
    opened = sum(word.type in CLOSING or word.type == "LBRACE" for word in words)
    return opened - sum(word.type in ("RPAR", "RSQB", "RBRACE") for word in words)
