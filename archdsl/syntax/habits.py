"""Mistakes that have a reason worth telling, most of them habits from other languages: each with the words for it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from archdsl.diagnostic import Edit, Error, Help
from archdsl.errors.suggest import closest
from archdsl.errors.syntax import ChainedComparison, KeywordAsName, LineBreak, MissingLet, OtherSpelling, Unexpected
from archdsl.syntax.guesses import reads
from archdsl.syntax.lalr import Automaton
from archdsl.syntax.lexer import Token, indentation
from archdsl.syntax.reports import Reports
from archdsl.syntax.wording import expected, found, shorten

HARD = frozenset(("IF", "THEN", "ELSE", "FOR", "IN", "AND", "OR", "NOT", "TRUE", "FALSE", "NONE"))
"""Keywords that are never names."""
ITEMS = ("IMPORT", "MESH", "BLOCK", "NETWORK", "VARIANT")
"""What a file is made of, and braces never hold."""
STATEMENT_WORDS = ("let", "input", "output", "expect", "init", "rename", "param", "buffer", "const", "if", "for")
AHEAD = 8
"""How many tokens of a statement are looked at to tell whether it reads."""


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
    advice: str = ""
    """What to do, where no edit does it or its text doesn't say it."""

    def helps(self, reports: Reports) -> tuple[Help, ...]:
        if self.text is None:
            return (Help(self.advice),) if self.advice else ()
        advice = self.advice or (f"write `{self.text.strip()}`" if self.text.strip() else "put it on one line")
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
    """`for: conv(3)`; and `conv(in)`, read as the name of an argument, of which only the `=` is missing."""
    word = place.token(-1)
    if word.type in HARD and place.at == place.first + 1 and place.token().type == "COLON":
        goes_on = [Token("NAME", word.text, word.start, word.end)]
        return Habit(KeywordAsName(word.text), word.start, word.end, tokens=goes_on, at=place.first)
    if word.type not in HARD or not place.automaton.fits("EQUAL"):
        return None
    return Habit(KeywordAsName(word.text), word.start, word.end)


def misspelt_word(place: Place) -> Habit | None:
    """`netwrok n { }`, `exepct params == 3`: another word in its place, and the statement reads."""
    word = place.tokens[place.first]
    if word.type != "NAME" or place.at > place.first + 1:
        return None
    meant = closest(word.text, (*STATEMENT_WORDS, *map(str.lower, ITEMS)))
    behind = _line_behind(place)
    if meant is None or reads(["NAME", *behind]) or not reads([meant.upper(), *behind]):
        return None
    goes_on = [Token(meant.upper(), meant, word.start, word.end)]
    error = Unexpected(f"`{meant}`", found(word))
    return Habit(error, word.start, word.end, text=meant, tokens=goes_on, at=place.first)


def _line_behind(place: Place) -> list[str]:
    """The statement behind its first word, up to its end or its first brace."""
    kinds: list[str] = []
    for token in place.tokens[place.first + 1 : place.first + AHEAD]:
        kinds.append(token.type)
        if token.type in ("_NL", "LBRACE"):
            break
    return kinds


def item_in_braces(place: Place) -> Habit | None:
    """`block inner { }` in a network: reads as a step."""
    word = place.tokens[place.first]
    if word.type not in ITEMS or place.at != place.first + 1 or not place.automaton.fits("COLON"):
        return None
    error = Unexpected("a statement", f"`{word.text}`")
    return Habit(error, word.start, word.end, advice=f"`{word.text}` stands outside of all braces")


def step_outside(place: Place) -> Habit | None:
    """A step that stands in no network and no block."""
    token = place.token()
    possible = place.automaton.possible()
    if place.at != place.first or "ERROR" not in possible or "INPUT" in possible:
        return None
    if not reads([token.type, *_line_behind(place)]):
        return None
    error = Unexpected(expected(possible), found(token))
    return Habit(error, token.start, token.end, advice="steps stand in the braces of a network or a block")


def steps_as_value(place: Place) -> Habit | None:
    """`let stem = conv(64, 3x3) -> relu`."""
    token = place.token()
    if place.tokens[place.first].type != "LET" or token.type not in ("_ARROW", "LBRACE"):
        return None
    error = Unexpected("the end of the line" if token.type == "_ARROW" else "a value", f"`{token.text}`")
    return Habit(error, token.start, token.end, advice="`let` names a value; steps are named with `block`")


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


def else_alone(place: Place) -> Habit | None:
    """`else { }` on a line below something that is no `if`."""
    word, before = place.token(), place.token(-1)
    if word.type != "ELSE" or "\n" not in place.automaton.text[before.end : word.start]:
        return None
    goes_on = [Token("_NL", "\n", word.start, word.end)]
    error = Unexpected("a statement", "`else`")
    return Habit(
        error, word.start, word.end, tokens=goes_on, at=place.at, advice="it belongs behind the `}` of an `if`"
    )


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
        error = OtherSpelling(shorten(f".{number.text}"), shorten(f"0.{number.text}"))
        return Habit(error, start, number.end, f"0.{number.text}", tokens=goes_on, at=place.at, removes=2)
    number = place.token(-2)
    written = place.adjacent("NUMBER", "DOT", start=-2)
    return _spelled(place, f"{number.text}.0", written, number, place.token(-1))


def slashes(place: Place) -> Habit | None:
    """`// comment`, `/* comment */`."""
    is_comment = place.token().type == "SLASHSLASH" or place.adjacent("SLASH", "STAR")
    return _spelled(place, "#", is_comment, place.token(), place.token(1 if place.token().type == "SLASH" else 0))


def spaced_size(place: Place) -> Habit | None:
    """`3 x 3`."""
    before, after = place.token(-1), place.token(1)
    is_size = (before.type, place.token().text, after.type) == ("NUMBER", "x", "NUMBER")
    return _spelled(place, f"{before.text}x{after.text}", is_size, before, after)


def dashed_label(place: Place) -> Habit | None:
    """`block1-0: conv(3)`."""
    name = place.tokens[place.first]
    if place.token().type != "MINUS" or place.at != place.first + 1 or name.type != "NAME":
        return None
    end = place.at
    while (
        place.tokens[end].type in ("MINUS", "NAME", "NUMBER") and place.tokens[end].start == place.tokens[end - 1].end
    ):
        end += 1
    written = place.automaton.text[name.start : place.tokens[end - 1].end]
    return _spelled(place, f'"{written}"', place.tokens[end].type == "COLON", name, place.tokens[end - 1])


def times_in_front(place: Place) -> Habit | None:
    """`4 * conv(64, 1x1)`."""
    number, times = place.token(), place.token(1)
    if place.at != place.first or (number.type, times.type) != ("NUMBER", "STAR"):
        return None
    error = Unexpected("a step", f"`{shorten(number.text)} *`")
    return Habit(error, number.start, times.end, advice=f"the number stands behind the step: `step * {number.text}`")


def arrow_behind_input(place: Place) -> Habit | None:
    """`-> conv(64, 1x1)` below `input x: [N, 3]`, or behind it."""
    arrow, before = place.token(), place.token(-1)
    if place.tokens[place.first].type != "INPUT" or arrow.type != "_ARROW":
        return None
    text = place.automaton.text
    step, goes_on = place.token(1).start, [Token("_NL", "\n", arrow.start, arrow.end)]
    if "\n" in text[before.end : arrow.start]:
        error, cut, mended = Unexpected("a step", "`->`"), (arrow.start, step), ""
        advice = "remove it: the first step takes what comes in"
    else:
        error, cut = Unexpected("a new line", "`->`"), (before.end, step)
        mended, advice = "\n" + " " * indentation(text, arrow.start), "put the first step on a line of its own"
    return Habit(error, arrow.start, arrow.end, mended, cut, goes_on, place.at, advice=advice)


def _spelled(place: Place, meant: str, is_meant: bool, start: Token, end: Token) -> Habit | None:
    if not is_meant:
        return None
    written = shorten(place.automaton.text[start.start : end.end])
    return Habit(OtherSpelling(written, shorten(meant)), start.start, end.end, text=meant)


HABITS: tuple[Callable[[Place], Habit | None], ...] = (
    chained_comparison,
    brace_on_its_own_line,
    fat_arrow,
    misspelt_word,
    item_in_braces,
    step_outside,
    steps_as_value,
    missing_let,
    missing_input_name,
    keyword_as_value,
    else_if,
    else_alone,
    power,
    bare_fraction,
    slashes,
    spaced_size,
    dashed_label,
    times_in_front,
    arrow_behind_input,
)


def known_habit(place: Place) -> Habit | None:
    """The known mistake behind a token that does not fit."""
    return next((found for known in HABITS if (found := known(place))), None)
