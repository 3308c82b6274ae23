"""Tokens with what the parser does not see: the grammar rule they belong to, comments, and the author's line breaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archdsl.source import Span
from archdsl.syntax.lalr import Automaton
from archdsl.syntax.lexer import Token, comments, lex
from archdsl.syntax.reports import Reports
from archdsl.syntax.tables import LIST, PASS, Rule, load
from archdsl.syntax.tree import Build


class Comment:
    """A comment on a line of its own, or behind code."""

    __slots__ = ("blank_before", "text")

    def __init__(self, text: str, blank_before: bool) -> None:
        self.text = text
        self.blank_before = blank_before


class Word:
    """A token of the file and what surrounds it."""

    __slots__ = ("above", "behind", "blank_before", "newline_before", "role", "text", "type")

    def __init__(self, token: Token, role: str) -> None:
        self.type = token.type
        self.text = token.text
        self.role = role
        """The grammar rule that the token is part of."""
        self.above: list[Comment] = []
        """Comments on lines of their own before it."""
        self.behind = ""
        """A comment behind it on its line."""
        self.newline_before = False
        self.blank_before = False


def words(text: str, laid: list[Token], reports: Reports) -> list[Word]:
    """The laid out tokens of a file without mistakes, `_NL` and `$END` included."""
    roles = _roles(laid, reports)
    made = {token.start: Word(token, roles.get(token.start, "")) for token in laid if token.type != "_NL"}
    notes = {note.start: note for note in comments(text)}
    newlines = 0
    waiting: list[Comment] = []
    before: Word | None = None
    breaks = [token for token in lex(text) if token.type == "NEWLINE"]
    end = laid[-1]
    for token in sorted(
        [*breaks, *notes.values(), *(t for t in laid if t.type not in ("_NL", "$END")), end], key=_place
    ):
        if token.type == "NEWLINE":
            newlines += 1
        elif token.type == "COMMENT":
            if before and not newlines and not waiting:
                before.behind = token.text.rstrip()
            else:
                waiting.append(Comment(token.text.rstrip(), newlines > 1))
            newlines = 0
        else:
            word = made[token.start]
            word.above = waiting
            word.newline_before = newlines > 0 or bool(waiting) or bool(before and before.behind)
            word.blank_before = newlines > 1
            before, waiting, newlines = word, [], 0
    _gather([made[token.start] for token in laid if token.type != "_NL"])
    return [made[token.start] if token.type != "_NL" else Word(token, "") for token in laid]


def _gather(words: list[Word]) -> None:
    """Move comments and line breaks to where they are printed: behind commas, before arrows."""
    for before, word, after in zip(words, words[1:], words[2:]):
        if word.type == "COMMA":
            texts = [text for text in (before.behind, *(note.text for note in word.above), word.behind) if text]
            if before.behind or word.above:
                before.behind, word.above, word.behind = "", [], texts[0]
                after.above = [Comment(text, False) for text in texts[1:]] + after.above
            after.newline_before |= word.newline_before
        elif word.type == "_ARROW":
            if word.behind and not before.behind and not word.above:
                before.behind = word.behind
            elif word.behind:
                word.above.append(Comment(word.behind, False))
            word.above += after.above
            word.newline_before |= after.newline_before
            word.behind, after.above, after.newline_before = "", [], False


def _place(token: Token) -> tuple[int, bool]:
    return token.start, token.type == "$END"


class _RoleFinder:
    """Stands in for the tree builder: notes of which rule each token is a part, and builds nothing."""

    def __init__(self, rules: tuple[Rule, ...], reports: Reports) -> None:
        self.source = reports.source
        self.roles: dict[int, str] = {}
        self.actions: Sequence[Build | None] = [
            None if rule.action == PASS and rule.size == 1 else self._note(rule) for rule in rules
        ]

    def _note(self, rule: Rule) -> Build:
        name = rule.origin if rule.action in (PASS, LIST) else rule.action

        def note(children: list[Any], _: Span) -> None:
            for child in children:
                if isinstance(child, Token):
                    self.roles[child.start] = name

        return note


def _roles(laid: list[Token], reports: Reports) -> dict[int, str]:
    tables = load()
    every = tuple(rule._replace(plan=tuple(range(rule.size))) for rule in tables.rules)
    finder = _RoleFinder(tables.rules, reports)
    automaton = Automaton(tables._replace(rules=every, passed={}), "file", finder, lambda token: (token, 0), reports)
    for token in laid[:-1]:
        automaton.shift(token)
    automaton.finish(laid[-1].start)
    return finder.roles
