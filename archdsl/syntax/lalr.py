"""Runs the LALR automaton of `tables.py` over tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from archdsl.source import Source, Span
from archdsl.syntax.lexer import Token
from archdsl.syntax.reports import Reports
from archdsl.syntax.tables import LIST, PASS, Tables
from archdsl.syntax.tree import NESTING, Build

ReadString = Callable[[Token], "tuple[Any, int]"]
"""The value of a string, and how deep the expressions in it nest."""


class Builder(Protocol):
    """What makes the values that stand for symbols."""

    source: Source
    actions: Sequence[Build | None]
    """By rule: what makes its node from the values of its symbols; None if the rule only hands values on."""


class Automaton:
    """The stacks of one run: for each symbol its state, value, start, end, and how deep it nests."""

    def __init__(self, tables: Tables, start: str, builder: Builder, string: ReadString, reports: Reports) -> None:
        self.text = builder.source.text
        self._tables = tables
        self._actions = tables.actions
        self._gotos = tables.gotos
        self._rules = tables.rules
        self._build = builder.actions
        self._nests = [rule.action in NESTING or rule.origin in NESTING for rule in tables.rules]
        self._builder = builder
        self._string = string
        self._reports = reports
        self._deepest = reports.budget.limits.nesting
        first, self._last = tables.starts[start]
        self.states = [first]
        self.values: list[Any] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.depths: list[int] = []

    def fits(self, kind: str) -> bool:
        """Whether a token of this kind can come next. Follows the reductions that it would cause, and does none."""
        states, kept = self.states, len(self.states)
        above: list[int] = []
        code = self._actions[states[-1]].get(kind)
        if code is None or code >= 0:
            return code is not None
        if kept > 1 and (top := self._passed(states[-2], states[-1], kind)) != states[-1]:
            kept -= 1
            above.append(top)
            code = self._actions[top].get(kind)
        while code is not None and code < 0:
            rule = self._rules[~code]
            if rule.size <= len(above):
                del above[len(above) - rule.size :]
            else:
                kept -= rule.size - len(above)
                above.clear()
            below = above[-1] if above else states[kept - 1]
            top = self._passed(below, self._gotos[below][rule.origin], kind)
            above.append(top)
            code = self._actions[top].get(kind)
        return code is not None

    def _passed(self, below: int, top: int, kind: str) -> int:
        """The state that stands for `top` once all rules are done that only hand its value on, before a token of this
        kind. An operand is a power, a product, a sum, a comparison ...: such chains are found once."""
        key = below, top, kind
        found = self._tables.passed.get(key)
        if found is None:
            found, code = top, self._actions[top].get(kind)
            while code is not None and code < 0 and self._rules[~code].action == PASS and self._rules[~code].size == 1:
                found = self._gotos[below][self._rules[~code].origin]
                code = self._actions[found].get(kind)
            self._tables.passed[key] = found
        return found

    def trial(self, kinds: Sequence[str]) -> int:
        """How many of these tokens could come next, one after the other. Changes nothing."""
        return advance(self._tables, self.states.copy(), kinds)

    def possible(self) -> frozenset[str]:
        """Every kind of token that can come next."""
        return frozenset(kind for kind in self._actions[self.states[-1]] if self.fits(kind))

    def back_out(self, offset: int, kind: str) -> bool:
        """Drop what was read from an offset on, such that a token of this kind fits. Says whether one does."""
        height = len(self.starts)
        while height and self.starts[height - 1] >= offset:
            height -= 1
        while height < len(self.starts) and kind not in self._actions[self.states[height]]:
            height += 1  # a separator without width, put in by a mend, stands at that offset too
        del self.states[height + 1 :]
        del self.values[height:], self.starts[height:], self.ends[height:], self.depths[height:]
        return self.fits(kind)

    def shift(self, token: Token) -> None:
        """Take a token that fits."""
        states, kind = self.states, token.type
        code = self._actions[states[-1]][kind]
        while code < 0:
            top = self._passed(states[-2], states[-1], kind)
            if top != states[-1]:
                states[-1] = top
            else:
                self._reduce(~code, token.start)
            code = self._actions[states[-1]][kind]
        value, depth = (token, 0) if token.type not in ("STRING", "REF_STRING") else self._string(token)
        self.states.append(code)
        self.values.append(value)
        self.starts.append(token.start)
        self.ends.append(token.end)
        self.depths.append(depth)

    def finish(self, at: int) -> Any:
        """Reduce what is left to the start rule, and return its value."""
        while self.states[-1] != self._last:
            self._reduce(~self._actions[self.states[-1]]["$END"], at)
        return self.values[-1]

    def _reduce(self, number: int, at: int) -> None:
        rule = self._rules[number]
        size = rule.size
        states = self.states
        nests = self._nests[number]
        build = self._build[number]
        if size == 1 and not build and rule.action != LIST:
            states[-1] = self._gotos[states[-2]][rule.origin]
            return
        if size:
            values = self.values[-size:]
            start, end = self.starts[-size], self.ends[-1]
            depth = max(self.depths[-size:]) + nests
            del states[-size:], self.values[-size:], self.starts[-size:], self.ends[-size:], self.depths[-size:]
        else:
            values, start, end, depth = [], at, at, 0
        if depth > self._deepest:
            self._reports.check("nesting", depth, start, end)
        plan = rule.plan
        children: list[Any]
        if rule.action == LIST and plan and plan[0] is not None and plan[0] < 0:
            children = values[~plan[0]]  # grows in place: a long list stays linear
            plan = plan[1:]
        else:
            children = []
        for index in plan:
            if index is None:
                children.append(None)
            elif index < 0:
                children += values[~index]
            else:
                children.append(values[index])
        if build:
            value = build(children, Span(self._builder.source, start, end))
        else:
            value = children if rule.action == LIST else children[0]
        states.append(self._gotos[states[-1]][rule.origin])
        self.values.append(value)
        self.starts.append(start)
        self.ends.append(end)
        self.depths.append(depth)


def advance(tables: Tables, states: list[int], kinds: Sequence[str]) -> int:
    """How many of these tokens fit one after the other. Moves the states on, and builds nothing."""
    for number, kind in enumerate(kinds):
        code = tables.actions[states[-1]].get(kind)
        while code is not None and code < 0:
            rule = tables.rules[~code]
            del states[len(states) - rule.size :]
            states.append(tables.gotos[states[-1]][rule.origin])
            code = tables.actions[states[-1]].get(kind)
        if code is None:
            return number
        states.append(code)
    return len(kinds)
