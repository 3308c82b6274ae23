"""Mends brackets that don't match, for `brackets.py`: reports each and returns tokens in which all do."""

from __future__ import annotations

from typing import NamedTuple

from archdsl.diagnostic import Error, Help, Label
from archdsl.errors.syntax import StepsInBrackets, Unclosed, Unexpected, Unopened, WrongBracket
from archdsl.syntax.brackets import CLOSERS, CLOSING, ENDS_BRACKETS
from archdsl.syntax.lexer import Token
from archdsl.syntax.reports import Reports

SPELLING = {"RPAR": ")", "RSQB": "]"}
FAR = 200
"""How many tokens ahead a closing bracket is looked for."""


def mend(text: str, tokens: list[Token], reports: Reports) -> list[Token]:
    """The tokens with round and square brackets matched, then braces."""
    end = tokens[-1].end if tokens else 0
    rounded = _Rounds(text, [*tokens, Token("$END", "", end, end)], reports).mend()
    return _braces(text, rounded, reports)


class _Rounds:
    """( ) and [ ]."""

    def __init__(self, text: str, tokens: list[Token], reports: Reports) -> None:
        self.text = text
        self.tokens = tokens
        self.reports = reports
        self.open: list[int] = []
        """Positions of what is open, in `tokens`."""

    def mend(self) -> list[Token]:
        at = 0
        while at < len(self.tokens):
            kind = self.tokens[at].type
            if kind in CLOSING:
                self.open.append(at)
                self.reports.check("nesting", len(self.open), self.tokens[at].start, self.tokens[at].end)
            elif kind in CLOSERS:
                at = self.close(at)
            elif kind in ENDS_BRACKETS and self.open:
                at = self.interrupt(at)
            at += 1
        return [token for token in self.tokens[:-1] if token.type != "DROPPED"]

    def close(self, at: int) -> int:
        """A closing bracket: pop what it closes, or mend. Returns the position of the last token that is settled."""
        token = self.tokens[at]
        if not self.open:
            help_ = self.reports.edit("remove it", token.start, token.end, "")
            self.report(Unopened(token.text), token, help_)
            self.drop(at)
            return at
        opener = self.tokens[self.open[-1]]
        expected = CLOSING[opener.type]
        if token.type == expected:
            self.open.pop()
            return at
        if any(CLOSING[self.tokens[position].type] == token.type for position in self.open):
            return self.insert(at)
        closing = SPELLING[expected]
        help_ = self.reports.edit(f"write `{closing}`", token.start, token.end, closing)
        opened = Label(self.reports.span(opener.start, opener.end), "opened here")
        self.report(WrongBracket(token.text, opener.text, closing), token, help_, labels=(opened,))
        self.tokens[at] = Token(expected, closing, token.start, token.end)
        self.open.pop()
        return at

    def interrupt(self, at: int) -> int:
        """Something that can't stand in brackets. Closed further on in this line: it is too much; else close them."""
        token = self.tokens[at]
        depth = 0
        for ahead in range(at, min(at + FAR, len(self.tokens))):
            kind = self.tokens[ahead].type
            if kind in ("NEWLINE", "$END", "RBRACE") and (kind != "RBRACE" or ahead == at):
                break
            depth += (kind in CLOSING) - (kind in CLOSERS)
            if depth < 0:
                bracket = self.tokens[self.open[-1]].text
                self.report(StepsInBrackets(token.text, bracket + SPELLING[self.tokens[ahead].type]), token)
                for dropped in range(at, ahead):
                    self.drop(dropped)
                return at
        return self.insert(self.extent(at))

    def extent(self, at: int) -> int:
        """Where the innermost open bracket ends at the latest: before the first line that is not indented further."""
        opened = self.open[-1]
        indent = _indent(self.text, self.tokens[opened].start)
        for position in range(opened + 1, at):
            if self.tokens[position].type == "NEWLINE":
                follows = self.tokens[position + 1]
                if follows.type != "NEWLINE" and _indent(self.text, follows.start) <= indent:
                    return position
        return at

    def insert(self, at: int) -> int:
        """Close the innermost bracket behind the last token before a position, and go on behind it."""
        opener = self.tokens[self.open.pop()]
        while self.tokens[at - 1].type in ("NEWLINE", "SEMI"):
            at -= 1
        place = self.tokens[at - 1].end
        kind = CLOSING[opener.type]
        closing = SPELLING[kind]
        self.report(
            Unclosed(opener.text), opener, self.reports.edit(f"close it with `{closing}`", place, place, closing)
        )
        self.tokens.insert(at, Token(kind, closing, place, place))
        return at

    def drop(self, at: int) -> None:
        token = self.tokens[at]
        self.tokens[at] = Token("DROPPED", token.text, token.start, token.end)

    def report(self, error: Error, token: Token, *helps: Help, labels: tuple[Label, ...] = ()) -> None:
        _report(self.reports, error, token, *helps, labels=labels)


class _Mend(NamedTuple):
    """One brace to put in, or to leave out."""

    at: int
    """Position in the tokens: a brace goes before it."""
    kind: str
    """`LBRACE`, `RBRACE`, or `` to leave out what stands there."""
    brace: Token
    """What is to blame: the brace that is not closed, or that closes nothing."""
    indent: int = 0


def _braces(text: str, tokens: list[Token], reports: Reports) -> list[Token]:
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
            _report(reports, (Unclosed if brace.type == "LBRACE" else Unopened)(brace.text), brace, help_)
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
            indent = _indent(text, token.start)
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


def _indent(text: str, offset: int) -> int:
    """The indentation of the line of an offset."""
    start = text.rfind("\n", 0, offset) + 1
    return len(text[start:offset]) - len(text[start:offset].lstrip(" \t"))


def _report(reports: Reports, error: Error, token: Token, *helps: Help, labels: tuple[Label, ...] = ()) -> None:
    if reports.on_line(token.start):
        reports.echo()
        return
    reports.add(error, token.start, token.end, *helps, labels=labels)
    if isinstance(error, Unopened) or token.type == "LBRACE":
        reports.spoil(*reports.line(token.start))
