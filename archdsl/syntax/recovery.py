"""What to do where a token does not fit: say so once a statement, mend it or skip to its end, and go on.

A mend puts in, takes out or replaces one token such that the rest of the statement, or about four more tokens, then
fit; it is also the edit that the message suggests. Without one, what was read of the statement and what is left of it
make a `Bad`. Braces in what is skipped are read on their own, so that their mistakes are found too. That brackets match
was seen to before.
"""

from __future__ import annotations

from typing import NamedTuple

from archdsl.diagnostic import Help
from archdsl.errors.syntax import KeywordAsName, Superfluous, Unexpected
from archdsl.syntax.habits import HARD, Place, known_habit
from archdsl.syntax.lalr import Automaton
from archdsl.syntax.lexer import Token
from archdsl.syntax.literals import is_number, report_number
from archdsl.syntax.reports import Reports
from archdsl.syntax.wording import expected, found, only_braces, spelling

ENOUGH = 4
"""So many tokens must fit behind a mend."""
AHEAD = 12
"""So many are tried."""

MISSING = ("COMMA", "COLON", "EQUAL", "_ARROW", "IN", "THEN", "ELSE", "_NL")
"""What may be put in, the likelier first. Brackets are not among them: they match already."""
CONFUSED = {
    "EQUAL": ("COLON", "CMP", "COMMA"),
    "COLON": ("EQUAL", "COMMA", "_ARROW"),
    "COMMA": ("COLON", "EQUAL", "_ARROW"),
    "DOT": ("COMMA", "_ARROW"),
    "SEMI": ("COMMA",),
    "MINUS": ("_ARROW", "EQUAL"),
    "CMP": ("_ARROW", "EQUAL"),
    "NAME": ("IN",),
}
"""What may be put in the place of another."""
KEPT = frozenset(("_NL", "$END", "LBRACE", "RBRACE"))
"""What is not taken out: statements would run into one another."""


class Mend(NamedTuple):
    """The kind of token to put in (None: nothing), and whether what stands there is taken out."""

    kind: str | None
    removes: bool


class Recovery:
    """Mends the token list of one run of the automaton."""

    def __init__(self, automaton: Automaton, tokens: list[Token], reports: Reports) -> None:
        self.automaton = automaton
        self.tokens = tokens
        self.reports = reports
        self.bodies: list[list[Token]] = []
        """Braces that were skipped, to be read on their own."""

    def recover(self, at: int) -> int | None:
        """Deal with the token that does not fit. Returns where to go on, None if there is no way."""
        first, last = self.statement(at)
        start, end = self.place(first, at)
        if self.reports.within(self.tokens[first].start, self.head(at, last)):
            self.reports.echo()
            return self.skip(first, at, last)
        if self.bad_number(first, at):
            return self.skip(first, at, last)
        habit = known_habit(Place(self.automaton, self.tokens, first, at))
        if habit is None:
            mended = self.explain(at, last, start, end)
            return at if mended else self.skip(first, at, last)
        self.reports.add(habit.error, habit.start, habit.end, *habit.helps(self.reports))
        if habit.tokens is None:
            return self.skip(first, at, last)
        if habit.at != at:
            self.automaton.back_out(self.tokens[first].start, "ERROR")
        self.tokens[habit.at : habit.at + habit.removes] = habit.tokens
        return habit.at

    def statement(self, at: int) -> tuple[int, int]:
        """The first token of the statement around a position, and the one behind its last."""
        first = self._edge(at, -1, "RBRACE", "LBRACE")
        return first + 1, self._edge(at - 1, 1, "LBRACE", "RBRACE")

    def _edge(self, at: int, step: int, inward: str, outward: str) -> int:
        depth = 0
        at += step
        while 0 <= at < len(self.tokens):
            kind = self.tokens[at].type
            if depth == 0 and kind in ("_NL", "$END", outward):
                break
            depth += (kind == inward) - (kind == outward)
            at += step
        return at

    def head(self, at: int, last: int) -> int:
        """Where the statement ends, or the braces begin that may have mistakes of their own."""
        for position in range(at, last):
            if self.tokens[position].type == "LBRACE":
                return self.tokens[position].start
        return max(self.tokens[at].start, self.tokens[last - 1].end)

    def bad_number(self, first: int, at: int) -> bool:
        """Whether the reason is a number that isn't one: such are reported when their turn comes, which is too late."""
        for token in self.tokens[first : at + 1]:
            if token.type == "NUMBER" and not is_number(token.text):
                report_number(token, self.reports)
                return True
        return False

    def place(self, first: int, at: int) -> tuple[int, int]:
        """Where to point: at the token, or behind the one before it if that ends a line."""
        token = self.tokens[at]
        if at > first:
            before = self.tokens[at - 1].end
            if token.type in ("_NL", "$END") or "\n" in self.automaton.text[before : token.start]:
                return before, before
        return token.start, token.end

    def explain(self, at: int, last: int, start: int, end: int) -> bool:
        """Report the mistake, and mend it if one token does. Says whether it did."""
        token = self.tokens[at]
        possible = self.automaton.possible()
        if token.type in HARD and "NAME" in possible and self.good(["NAME"], at + 1, last):
            is_value = at > 0 and self.tokens[at - 1].type == "EQUAL"
            quoted = f'"{token.text}"'  # fan="in"
            helps = [self.reports.edit("put the word in quotes", token.start, token.end, quoted)] if is_value else []
            self.reports.add(KeywordAsName(token.text), token.start, token.end, *helps)
            self.tokens[at] = Token("NAME", token.text, token.start, token.end)
            return True
        needs_braces = only_braces(possible)
        mend = self.best(at, last, needs_braces)
        what = "the end of the line" if start == end and token.type != "$END" else found(token)
        if mend is None:
            helps = [Help("steps stand in braces: `{ ... }`")] if needs_braces and self.begins(at) else []
            self.reports.add(Unexpected(expected(possible), what), start, end, *helps)
        elif mend.kind is None:
            help_ = self.reports.edit("remove it", token.start, token.end, "")
            self.reports.add(Superfluous(found(token)), start, end, help_)
            del self.tokens[at]
        else:
            self.replace(mend.kind, mend.removes, at, start, end)
        return mend is not None

    def begins(self, at: int) -> bool:
        """Whether what stands there could begin steps: a word, or a colon as in other languages."""
        return self.tokens[at].type in ("NAME", "STRING", "COLON", "_NL")

    def replace(self, kind: str, removes: bool, at: int, start: int, end: int) -> None:
        """Report and make a mend that puts something in."""
        token = self.tokens[at]
        if kind == "_NL":
            error = Unexpected("a new line", found(token))
            text, shown = "\n", "a new line"
        else:
            text = spelling(kind)
            shown = f"`{text}`"
            error = Unexpected(shown, found(token))
        if removes:
            help_ = self.reports.edit(f"write {shown}", token.start, token.end, text)
            self.tokens[at] = Token(kind, text, token.start, token.end)
        else:
            before = self.tokens[at - 1].end if at else token.start
            padded = text if kind in ("COMMA", "COLON") else f" {text}"
            help_ = self.reports.edit(f"insert {shown}", before, before, padded)
            self.tokens.insert(at, Token(kind, text, before, before))
        self.reports.add(error, start, end, help_)

    def best(self, at: int, last: int, needs_braces: bool) -> Mend | None:
        """The mend behind which most fits, of equals the first: put in, take out, replace."""
        token = self.tokens[at]
        # Before `=` a keyword would fit as the name of an argument.
        mends = [Mend(kind, removes=False) for kind in MISSING if token.type != "EQUAL" or kind not in HARD]
        # What stands in the place of braces is not too much: `if (a) conv(3)`.
        if token.type not in KEPT and (not needs_braces or self.tokens[at + 1].type == "LBRACE"):
            mends.append(Mend(None, removes=True))
        mends += [Mend(kind, removes=True) for kind in CONFUSED.get(token.type, ())]
        best, most = None, 0
        for mend in mends:
            fitting = self.good([mend.kind] if mend.kind else [], at + mend.removes, last)
            if fitting > most:
                best, most = mend, fitting
        return best

    def good(self, put_in: list[str], at: int, last: int) -> int:
        """How many tokens fit behind a mend; 0 if too few."""
        rest = [token.type for token in self.tokens[at : min(last + 1, at + AHEAD)]]
        fitting = self.automaton.trial([*put_in, *rest]) - len(put_in)
        return fitting + 1 if fitting >= min(ENOUGH, len(rest)) else 0

    def skip(self, first: int, at: int, last: int) -> int | None:
        """Make a `Bad` of the statement; its braces that were not read yet are kept for later."""
        if not self.automaton.back_out(self.tokens[first].start, "ERROR"):
            return None
        bad = Token("ERROR", "", self.tokens[first].start, max(self.tokens[last - 1].end, self.tokens[first].start))
        self.automaton.shift(bad)
        if self.tokens[first].type != "INIT":
            self.bodies += self._bodies(at, last)
        return last

    def _bodies(self, at: int, last: int) -> list[list[Token]]:
        bodies: list[list[Token]] = []
        depth = begin = 0
        for position in range(at, last):
            kind = self.tokens[position].type
            if kind == "LBRACE":
                begin = begin if depth else position
                depth += 1
            elif kind == "RBRACE":
                depth -= 1
                if depth == 0:
                    end = self.tokens[position].end
                    bodies.append([*self.tokens[begin : position + 1], Token("$END", "", end, end)])
        return bodies
