"""Mends braces that don't match: by indentation, or where a file isn't indented, by counting."""

from __future__ import annotations

from typing import NamedTuple

from archdsl.diagnostic import Label
from archdsl.errors.syntax import Unclosed, Unexpected, Unopened
from archdsl.syntax.brackets import CLOSERS, CLOSING
from archdsl.syntax.guesses import mends_of
from archdsl.syntax.lexer import Token, indentation
from archdsl.syntax.reports import Reports


class _Mend(NamedTuple):
    """One brace to put in, or to leave out."""

    at: int
    """Position in the tokens: a brace goes before it."""
    kind: str
    """`LBRACE`, `RBRACE`, or `` to leave out what stands there."""
    brace: Token
    """What is to blame: the brace that is not closed, or that closes nothing."""
    indent: int = 0


def match_braces(text: str, tokens: list[Token], reports: Reports) -> list[Token]:
    """The tokens with { } matched."""
    counted = _by_counting(tokens)
    if not counted:
        return tokens
    mends = min(_by_indentation(text, tokens, True), _by_indentation(text, tokens, False), key=len)
    if len(mends) > len(counted) + 2:
        mends = counted  # the file is not indented as its braces would have it
    mended: list[Token] = []
    done = 0
    last = -1
    for mend in mends:
        mended += tokens[done : mend.at]
        done = mend.at
        place = tokens[mend.at - 1].end if mend.at else 0
        brace = mend.brace
        if mend.kind == "RBRACE":
            help_ = reports.edit("close it with `}`", place, place, "\n" + " " * mend.indent + "}")
            mended.append(Token("RBRACE", "}", place, place))
        elif mend.kind == "LBRACE":
            help_ = reports.edit("open it here with `{`", place, place, " {")
            mended.append(Token("LBRACE", "{", place, place))
        else:
            help_ = reports.edit("remove it", brace.start, brace.end, "")
            done += 1
        if mend.at == last or (mend.kind == "LBRACE" and reports.on_line(place)):
            reports.echo()  # several braces missing at one place are one mistake
        elif mend.kind == "LBRACE":
            closed = Label(reports.span(brace.start, brace.end), "closed here")
            reports.add(Unexpected("`{`", "the end of the line"), place, place, help_, labels=(closed,))
        else:
            error = Unclosed if brace.type == "LBRACE" else Unopened
            reports.add_bracket(error(brace.text), brace, mends_of(brace, reports, help_))
        last = mend.at
    return mended + tokens[done:]


def _by_counting(tokens: list[Token]) -> list[_Mend]:
    """Leave out what closes nothing, close what is open at the end."""
    mends: list[_Mend] = []
    open_: list[Token] = []
    for at, token in enumerate(tokens):
        if token.type == "LBRACE":
            open_.append(token)
        elif token.type == "RBRACE":
            if open_:
                open_.pop()
            else:
                mends.append(_Mend(at, "", token))
    return mends + [_Mend(len(tokens), "RBRACE", token) for token in reversed(open_)]


def _by_indentation(text: str, tokens: list[Token], strict: bool) -> list[_Mend]:
    """A brace ends before the first line that is not indented further than its own, except by the `}` that closes it.

    Strict: a `}` that does not begin a line closes only what was opened on that line.
    """
    mends: list[_Mend] = []
    open_: list[tuple[Token, int, int]] = []  # with the indentation and the number of its line
    lines: list[tuple[int, int]] = []  # so far: position behind the last token, indentation
    rounds = indent = end = 0
    for at, token in enumerate(tokens):
        kind = token.type
        if kind == "NEWLINE":
            continue
        rounds += (kind in CLOSING) - (kind in CLOSERS)
        closes = kind == "RBRACE"
        first = not rounds and (at == 0 or tokens[at - 1].type == "NEWLINE")
        if first:
            if at:
                lines.append((end, indent))
            indent = indentation(text, token.start)
            while open_ and open_[-1][1] >= indent + closes:
                brace, own, _ = open_.pop()
                mends.append(_Mend(end, "RBRACE", brace, own))
            if closes and (not open_ or open_[-1][1] < indent):
                place = _opening_line(lines, indent)
                if place is None:
                    mends.append(_Mend(at, "", token))
                else:
                    mends.append(_Mend(place, "LBRACE", token))
                closes = False
        if kind == "LBRACE":
            open_.append((token, indent, len(lines)))
        elif closes and open_ and (first or not strict or open_[-1][2] == len(lines)):
            open_.pop()
        elif closes:
            mends.append(_Mend(at, "", token))
        end = at + 1
    mends += [_Mend(end, "RBRACE", brace, own) for brace, own, _ in reversed(open_)]
    return sorted(mends, key=lambda mend: mend.at)


def _opening_line(lines: list[tuple[int, int]], indent: int) -> int | None:
    """Behind which line a `{` is missing: the last one of this indentation, if the next is indented further."""
    for number in range(len(lines) - 1, -1, -1):
        end, own = lines[number]
        if own <= indent:
            return end if own == indent and number + 1 < len(lines) else None
    return None
