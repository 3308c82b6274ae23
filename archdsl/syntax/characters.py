"""Characters and words that are not the language: what can't be seen, what looks like something else, open quotes."""

# Lookalikes are what this is about:
# ruff: noqa: RUF001
from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from archdsl.errors.syntax import (
    ForbiddenCharacter,
    MeaninglessCharacter,
    NotAscii,
    NotUtf8,
    OtherSpelling,
    UnclosedText,
)
from archdsl.syntax.lexer import FORBIDDEN, Token, lex
from archdsl.syntax.reports import Reports
from archdsl.syntax.wording import shorten

LOOKALIKES = {
    "×": "x", "−": "-", "–": "-", "“": '"', "”": '"', "„": '"', "\u00a0": " ", "\u3000": " ", "，": ",", "：": ":",
    "（": "(", "）": ")", "［": "[", "］": "]", "｛": "{", "｝": "}", "；": ";", "＝": "=", "∗": "*", "÷": "/",
}  # fmt: skip
"""Same length on both sides: the text with them in place keeps its offsets."""

SIGNS = {
    "→": ("_ARROW", "->"), "⇒": ("_ARROW", "->"), "≤": ("CMP", "<="), "≥": ("CMP", ">="), "≠": ("CMP", "!="),
    "&&": ("AND", "and"), "&": ("AND", "and"), "||": ("OR", "or"), "|": ("OR", "or"), "!": ("NOT", "not"),
    "¬": ("NOT", "not"), "∧": ("AND", "and"), "∨": ("OR", "or"),
}  # fmt: skip
"""Signs of other languages, and the token that is meant."""


def describe(character: str) -> str:
    """A character by number and name, never itself: it may be one that no terminal should see."""
    name = unicodedata.name(character, "")
    return f"the character U+{ord(character):04X}{f' ({name.capitalize()})' if name else ''}"


def hide_forbidden(text: str, reports: Reports) -> str:
    """Report what must not stand in a spec, and return the text, equally long, without it."""
    if text.startswith("\ufeff"):  # a byte order mark, which some editors write
        text = " " + text[1:]
    last_line = -2
    for found in FORBIDDEN.finditer(text):
        line = text.rfind("\n", 0, found.start())
        character = found.group()[0]
        if line != last_line:
            removal = reports.edit("remove it", found.start(), found.end(), "\n" if character == "\r" else "")
            if 0xDC80 <= ord(character) <= 0xDCFF:
                reports.add(NotUtf8(f"{ord(character) - 0xDC00:02X}"), found.start(), found.end())
            else:
                reports.add(ForbiddenCharacter(describe(character)), found.start(), found.end(), removal)
        last_line = line
    return FORBIDDEN.sub(lambda found: " " * len(found.group()), text)


def mend_words(text: str, tokens: list[Token], reports: Reports) -> list[Token]:
    """Report every BAD and BAD_STRING token and return the tokens that were most likely meant."""
    replaced = list(text)
    for token in tokens:
        if token.type == "BAD" and (meant := LOOKALIKES.get(token.text)):
            shown = meant.strip() or "a space"
            character = describe(token.text)
            mend = reports.edit(f"write {shown}", token.start, token.end, meant)
            reports.add(MeaninglessCharacter(character), token.start, token.end, mend)
            replaced[token.start] = meant
    for token in tokens:
        if token.type == "BAD" and token.text == "'" and replaced[token.start] == "'":
            stop = text.find("'", token.end)
            if stop >= 0 and "\n" not in text[token.end : stop]:
                inside = text[token.end : stop]
                mend = reports.edit("use double quotes", token.start, stop + 1, f'"{inside}"')
                reports.add(OtherSpelling("'...'", '"..."'), token.start, stop + 1, mend)
                replaced[token.start] = replaced[stop] = '"'
    if len(tokens) and replaced != list(text):
        text = "".join(replaced)
        tokens = lex(text, tokens[0].start, tokens[-1].end)
    return list(_mended(tokens, reports))


def _mended(tokens: list[Token], reports: Reports) -> Iterator[Token]:
    at = 0
    while at < len(tokens):
        token = tokens[at]
        stop = at + 1
        if token.type == "BAD_STRING":
            reports.add(UnclosedText(), token.start, token.end)
            yield Token("REF_STRING" if token.text.startswith("@") else "STRING", "", token.start, token.end)
        elif word := _foreign_word(tokens, at):
            reports.add(NotAscii(shorten(word.text), describe(_foreign(word.text))), word.start, word.end)
            while stop < len(tokens) and tokens[stop].start < word.end:
                stop += 1
            yield word
        elif token.type == "BAD":
            if stop < len(tokens) and token.text + tokens[stop].text in SIGNS and tokens[stop].start == token.end:
                stop += 1
            found = "".join(t.text for t in tokens[at:stop])
            end = tokens[stop - 1].end
            if found in SIGNS:
                kind, meant = SIGNS[found]
                apart = _apart(reports.source.text, token.start, end, meant)
                mend = reports.edit(f"write `{meant}`", token.start, end, apart)
                reports.add(OtherSpelling(found, meant), token.start, end, mend)
                yield Token(kind, meant, token.start, end)
            elif not reports.on_line(token.start):
                shown = f"`{found}`" if found.isascii() else describe(found)
                reports.add(MeaninglessCharacter(shown), token.start, end)
        else:
            yield token
        at = stop


def _apart(text: str, start: int, end: int, word: str) -> str:
    """A word to be put in the place of a sign, with spaces where it would run into another word."""
    before = " " if word.isalpha() and text[start - 1 : start].isalnum() else ""
    return before + word + (" " if word.isalpha() and text[end : end + 1].isalnum() else "")


def _foreign_word(tokens: list[Token], at: int) -> Token | None:
    """The name that starts here, if letters of other scripts are part of it."""
    stop = at
    while stop < len(tokens) and _wordlike(tokens[stop]) and (stop == at or tokens[stop].start == tokens[stop - 1].end):
        stop += 1
    if not any(token.type == "BAD" for token in tokens[at:stop]):
        return None
    text = "".join(token.text for token in tokens[at:stop])
    return Token("NAME", text, tokens[at].start, tokens[stop - 1].end)


def _wordlike(token: Token) -> bool:
    if token.type == "BAD":
        return not token.text.isascii() and (token.text.isalnum() or unicodedata.combining(token.text) > 0)
    return token.text[:1].isalnum() or token.text[:1] == "_"


def _foreign(word: str) -> str:
    return next(character for character in word if not character.isascii())
