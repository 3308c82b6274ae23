"""What is wrong with a number or a string."""

from __future__ import annotations

import re

from archdsl.errors.syntax import BadHole, BadNumber, NumberTooLarge, UnknownEscape
from archdsl.syntax.lexer import Token
from archdsl.syntax.numbers import classify
from archdsl.syntax.reports import Reports
from archdsl.syntax.strings import Mistake
from archdsl.syntax.wording import shorten

PROBLEMS = {
    "unclosed": "the `{` in the text is never closed",
    "unopened": "the `}` in the text closes nothing",
    "empty": "the braces in the text are empty",
}


def report_number(token: Token, reports: Reports) -> None:
    """A word that starts with a digit and isn't a number, or one that is too large."""
    word = token.text
    try:
        classify(word)
    except OverflowError:
        reports.add(NumberTooLarge(shorten(word)), token.start, token.end)
        return
    helps = [
        reports.edit(f"write `{meant}`", token.start, token.end, meant)
        for meant in dict.fromkeys((word.lower(), word.strip("_"), word.upper(), _decimal(word)))
        if is_number(meant)
    ]
    reports.add(BadNumber(shorten(word)), token.start, token.end, *helps[:1])


def is_number(word: str) -> bool:
    try:
        return classify(word) is not None
    except OverflowError:
        return False


def _decimal(word: str) -> str:
    """A hexadecimal number in decimal."""
    return str(int(word, 16)) if re.fullmatch("0[xX][0-9a-fA-F]{1,16}", word) else word


def report_string(text: str, token: Token, mistake: Mistake, reports: Reports) -> None:
    """One mistake is told for a string."""
    if reports.within(token.start, token.end):
        reports.echo()
        return
    start, end = mistake.start, mistake.end
    if mistake.kind == "escape":
        reports.add(UnknownEscape(shorten(text[start:end])), start, end, reports.edit("write two", start, start, "\\"))
    else:
        reports.add(BadHole(PROBLEMS[mistake.kind]), start, end)
