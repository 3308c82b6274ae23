"""Mistakes that have a reason worth telling, most of them habits from other languages: each with the words for it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from archdsl.diagnostic import Edit, Error, Help
from archdsl.errors.syntax import ChainedComparison, KeywordAsName, LineBreak, MissingLet, OtherSpelling, Unexpected
from archdsl.syntax.lalr import Automaton
from archdsl.syntax.lexer import Token
from archdsl.syntax.reports import Reports

HARD = frozenset(("IF", "THEN", "ELSE", "FOR", "IN", "AND", "OR", "NOT", "TRUE", "FALSE", "NONE"))
"""Keywords that are never names."""


class Place(NamedTuple):
    """A token that does not fit, and what stands around it in its statement."""

    automaton: Automaton
    tokens: list[Token]
    first: int
    """Position of the statement's first token."""
    at: int

    def token(self, distance: int = 0) -> Token:
        """The token so many behind this one; one of no kind outside the tokens."""
        position = self.at + distance
        return self.tokens[position] if 0 <= position < len(self.tokens) else Token("", "", 0, 0)

    def adjacent(self, *kinds: str, start: int = 0) -> bool:
        """Whether tokens of these kinds stand here without space between, from `start` on."""
        group = [self.token(start + number) for number in range(len(kinds))]
        touching = all(left.end == right.start for left, right in pairwise(group))
        return touching and tuple(token.type for token in group) == kinds


class Habit(NamedTuple):
    """A known mistake, how to mend the text, and how to go on: with tokens in the place of others, or else skipping."""

    error: Error
    start: int
    end: int
    text: str | None = None
    """What should stand in the place of `cut`, or of `start` to `end`."""
    cut: tuple[int, int] | None = None
    tokens: list[Token] | None = None
    """What to go on with; None: skip the statement."""
    at: int = 0
    """Where they go; before what does not fit, the statement is read anew."""
    removes: int = 1

    def helps(self, reports: Reports) -> tuple[Help, ...]:
        if self.text is None:
            return ()
        advice = f"write `{self.text.strip()}`" if self.text.strip() else "put it on one line"
        return (Help(advice, Edit(reports.span(*(self.cut or (self.start, self.end))), self.text)),)


def chained_comparison(place: Place) -> Habit | None:
    """`a < b < c`: goes on as if each of the later comparisons were an `and`."""
    token = place.token()
    if token.type not in ("CMP", "DOTDOT") or not place.automaton.fits("AND"):
        return None
    goes_on = [Token("AND", token.text, token.start, token.end)]
    return Habit(ChainedComparison(token.text), token.start, token.end, tokens=goes_on, at=place.at)


def brace_on_its_own_line(place: Place) -> Habit | None:
    """A `{` below what it belongs to."""
    token, brace, before = place.token(), place.token(1), place.token(-1)
    if token.type != "_NL" or brace.type != "LBRACE" or not place.automaton.fits("LBRACE"):
        return None
    error = LineBreak("{", place.tokens[place.first].text)
    # Only a bare line break is mended: between the lines there may be comments.
    bare = brace.start - before.end < 200 and not place.automaton.text[before.end : brace.start].strip()
    cut, text = ((before.end, brace.start), " ") if bare else (None, None)
    return Habit(error, brace.start, brace.end, text=text, cut=cut, tokens=[], at=place.at)


def missing_let(place: Place) -> Habit | None:
    """`width = 64`. With a call behind it, it is more likely a label: `conv1 = conv(64)`."""
    name = place.tokens[place.first]
    if place.token().type != "EQUAL" or place.at != place.first + 1 or name.type != "NAME":
        return None
    if place.token(1).type == "NAME" and place.token(2).type == "LPAR":
        return None
    let = Token("LET", "let", name.start, name.start)
    cut = (name.start, name.start)
    return Habit(MissingLet(), name.start, name.end, text="let ", cut=cut, tokens=[let], at=place.first, removes=0)


def missing_input_name(place: Place) -> Habit | None:
    """`input: [N, 3, 224, 224]`, which reads as a step with the label `input`."""
    colon = place.token(-1)
    if place.at != place.first + 2 or place.tokens[place.first].type != "INPUT" or colon.type != "COLON":
        return None
    return Habit(Unexpected("a name", "`:`"), colon.start, colon.end)


def keyword_as_value(place: Place) -> Habit | None:
    """`conv(in)`: read as the name of an argument, of which only the `=` is missing."""
    word = place.token(-1)
    if word.type not in HARD or not place.automaton.fits("EQUAL"):
        return None
    return Habit(KeywordAsName(word.text), word.start, word.end)


def else_if(place: Place) -> Habit | None:
    """`elif`, behind its brace or on a line of its own."""
    for position in (place.at, place.first):
        word = place.tokens[position]
        if word.text in ("elif", "elsif", "elseif"):
            goes_on = [Token("ELSE", "else", word.start, word.start), Token("IF", "if", word.start, word.end)]
            tokens = goes_on if position == place.at and place.automaton.fits("ELSE") else None
            error = OtherSpelling(word.text, "else if")
            return Habit(error, word.start, word.end, text="else if", tokens=tokens, at=place.at)
    return None


def power(place: Place) -> Habit | None:
    """`a ** b`."""
    return _spelled(place, "^", place.adjacent("STAR", "STAR", start=-1), place.token(-1), place.token())


def fat_arrow(place: Place) -> Habit | None:
    """`a => b`."""
    arrow = place.token(1)
    if not place.adjacent("EQUAL", "CMP") or arrow.text != ">" or not place.automaton.fits("_ARROW"):
        return None
    start, end = place.token().start, arrow.end
    goes_on = [Token("_ARROW", "->", start, end)]
    return Habit(OtherSpelling("=>", "->"), start, end, text="->", tokens=goes_on, at=place.at, removes=2)


def bare_fraction(place: Place) -> Habit | None:
    """`.5` and `5.`"""
    number = place.token(1)
    if place.adjacent("DOT", "NUMBER") and place.automaton.fits("NUMBER"):
        start = place.token().start
        goes_on = [Token("NUMBER", f"0.{number.text}", start, number.end)]
        error = OtherSpelling(f".{number.text}", f"0.{number.text}")
        return Habit(error, start, number.end, f"0.{number.text}", tokens=goes_on, at=place.at, removes=2)
    number = place.token(-2)
    written = place.adjacent("NUMBER", "DOT", start=-2)
    return _spelled(place, f"{number.text}.0", written, number, place.token(-1))


def slashes(place: Place) -> Habit | None:
    """`// comment`, `/* comment */`."""
    is_comment = place.token().type == "SLASHSLASH" or place.adjacent("SLASH", "STAR")
    return _spelled(place, "#", is_comment, place.token(), place.token(1 if place.token().type == "SLASH" else 0))


def _spelled(place: Place, meant: str, is_meant: bool, start: Token, end: Token) -> Habit | None:
    if not is_meant:
        return None
    found = place.automaton.text[start.start : end.end]
    return Habit(OtherSpelling(found, meant), start.start, end.end, text=meant)


HABITS: tuple[Callable[[Place], Habit | None], ...] = (
    chained_comparison,
    brace_on_its_own_line,
    fat_arrow,
    missing_let,
    missing_input_name,
    keyword_as_value,
    else_if,
    power,
    bare_fraction,
    slashes,
)


def known_habit(place: Place) -> Habit | None:
    """The known mistake behind a token that does not fit."""
    return next((found for known in HABITS if (found := known(place))), None)
