"""Mends brackets that don't match, for `brackets.py`: reports each and returns tokens in which all do."""

from __future__ import annotations

from archdsl.diagnostic import Label
from archdsl.errors.syntax import StepsInBrackets, Unclosed, Unopened, WrongBracket
from archdsl.syntax.braces import match_braces
from archdsl.syntax.brackets import CLOSERS, CLOSING, ENDS_BRACKETS
from archdsl.syntax.guesses import mends_of
from archdsl.syntax.lexer import Token, indentation
from archdsl.syntax.reports import Reports

SPELLING = {"RPAR": ")", "RSQB": "]"}
FAR = 200
"""How many tokens ahead a closing bracket is looked for."""


def mend(text: str, tokens: list[Token], reports: Reports) -> list[Token]:
    """The tokens with round and square brackets matched, then braces."""
    end = tokens[-1].end if tokens else 0
    rounded = _Rounds(text, [*tokens, Token("$END", "", end, end)], reports).mend()
    return match_braces(text, rounded, reports)


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
            return self.leave_out(at)
        opener = self.tokens[self.open[-1]]
        expected = CLOSING[opener.type]
        if token.type == expected:
            self.open.pop()
            return at
        if any(CLOSING[self.tokens[position].type] == token.type for position in self.open):
            return self.insert(at)
        if self.closed_on_line(at + 1) is not None:
            return self.leave_out(at)
        closing = SPELLING[expected]
        help_ = self.reports.edit(f"write `{closing}`", token.start, token.end, closing)
        opened = Label(self.reports.span(opener.start, opener.end), "opened here")
        error = WrongBracket(token.text, opener.text, closing)
        self.reports.add_bracket(error, token, mends_of(token, self.reports, help_), labels=(opened,))
        self.tokens[at] = Token(expected, closing, token.start, token.end)
        self.open.pop()
        return at

    def interrupt(self, at: int) -> int:
        """Something that can't stand in brackets. Closed further on in this line: it is too much; else close them."""
        token = self.tokens[at]
        end = self.closed_on_line(at)
        if end is None:
            return self.insert(self.extent(at))
        bracket = self.tokens[self.open[-1]].text
        self.reports.add_bracket(StepsInBrackets(token.text, bracket + SPELLING[self.tokens[end].type]), token, ())
        for position in range(at, end):
            self.drop(position)
        return at

    def closed_on_line(self, at: int) -> int | None:
        """Where the innermost bracket is closed on the line of a position; None if it isn't."""
        expected = CLOSING[self.tokens[self.open[-1]].type]
        depth = braces = 0
        for position in range(at, min(at + FAR, len(self.tokens))):
            kind = self.tokens[position].type
            braces += (kind == "LBRACE") - (kind == "RBRACE")
            if kind in ("NEWLINE", "$END") or braces < 0:
                return None
            depth += (kind in CLOSING) - (kind in CLOSERS)
            if depth < 0:
                return position if kind == expected else None
        return None

    def extent(self, at: int) -> int:
        """Where the innermost open bracket ends at the latest: before the first line that is not indented further.

        If there another one is open, which a later line seemed to close, it is that one's end that counts.
        """
        while True:
            opened = self.open[-1]
            at = self.line_behind(opened, at)
            for position in range(opened + 1, at):
                kind = self.tokens[position].type
                if kind in CLOSING:
                    self.open.append(position)
                elif kind in CLOSERS:
                    self.open.pop()
            if self.open[-1] == opened:
                return at

    def line_behind(self, opened: int, at: int) -> int:
        """The first line break before `at` behind which a line is indented no further than that of a bracket."""
        indent = indentation(self.text, self.tokens[opened].start)
        for position in range(opened + 1, at):
            if self.tokens[position].type == "NEWLINE":
                follows = self.tokens[position + 1]
                if follows.type != "NEWLINE" and indentation(self.text, follows.start) <= indent:
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
        help_ = self.reports.edit(f"close it with `{closing}`", place, place, closing)
        self.reports.add_bracket(Unclosed(opener.text), opener, mends_of(opener, self.reports, help_))
        self.tokens.insert(at, Token(kind, closing, place, place))
        return at

    def leave_out(self, at: int) -> int:
        """A closing bracket that closes nothing."""
        token = self.tokens[at]
        help_ = self.reports.edit("remove it", token.start, token.end, "")
        self.reports.add_bracket(Unopened(token.text), token, mends_of(token, self.reports, help_))
        self.drop(at)
        return at

    def drop(self, at: int) -> None:
        token = self.tokens[at]
        self.tokens[at] = Token("DROPPED", token.text, token.start, token.end)
