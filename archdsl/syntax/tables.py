"""The parser's tables: made from `arch.lark` by Lark, saved beside it, and all that a run loads.

    python -m archdsl.syntax.tables        # after every change of arch.lark; a test says when it was forgotten

Lark reads the grammar, proves it LALR(1) and computes the automaton. That takes 0.3 s and importing Lark 0.04 s, more
than everything else in a `check`; so only this module's `build` imports it. The saved form is plain JSON: unlike a
pickle, loading it can't run anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from lark import Lark
    from lark.grammar import Rule as LarkRule
    from lark.lexer import TerminalDef, Token

HERE = Path(__file__).parent
GRAMMAR = HERE / "arch.lark"
SAVED = HERE / "arch.tables"
STARTS = ("file", "expr", "body")
"""What can be parsed alone: a file, what stands in a string's braces, and the braces of a statement that is wrong."""

PASS = "_pass"
"""Action of a rule that hands its one value on."""
LIST = "_list"
"""Action of a rule that only groups: its values become part of the rule above."""


class Rule(NamedTuple):
    """One alternative of a grammar rule."""

    origin: str
    action: str
    """What to build: the alias or the rule's name; `PASS` or `LIST`."""
    size: int
    plan: tuple[int | None, ...]
    """Children in order: symbol i as i, all values of the list at symbol i as ~i, None for an absent optional."""


class Tables(NamedTuple):
    pattern: re.Pattern[str]
    """One named group per terminal that the lexer makes."""
    ignored: frozenset[str]
    keywords: dict[str, str]
    """Spelling to terminal."""
    spellings: dict[str, str]
    """Terminal to spelling, for those that have only one."""
    rules: tuple[Rule, ...]
    actions: tuple[dict[str, int], ...]
    """By state and terminal: shift to state n as n, reduce by rule n as ~n."""
    gotos: tuple[dict[str, int], ...]
    """By state and rule name: the state after it."""
    starts: dict[str, tuple[int, int]]
    """Where parsing a rule of `STARTS` begins and ends."""
    passed: dict[tuple[int, int, str], int]
    """What `lalr.py` found out about chains of `PASS` rules."""


@lru_cache(maxsize=1)
def load() -> Tables:
    """The saved tables."""
    data = json.loads(SAVED.read_text(encoding="utf-8"))
    return Tables(
        pattern=re.compile(data["pattern"]),
        ignored=frozenset(data["ignored"]),
        keywords=data["keywords"],
        spellings=data["spellings"],
        rules=tuple(Rule(origin, action, size, tuple(plan)) for origin, action, size, plan in data["rules"]),
        actions=tuple(data["actions"]),
        gotos=tuple(data["gotos"]),
        starts={name: (start, end) for name, (start, end) in data["starts"].items()},
        passed={},
    )


class _Layout:
    """Keeps the terminals that no rule mentions: the layout pass takes them."""

    always_accept = ("NEWLINE", "SEMI", "BAD_STRING", "BAD")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


def grammar() -> Lark:
    """The grammar, built strictly: a conflict or two terminals that overlap raise."""
    from lark import Lark

    text = GRAMMAR.read_text(encoding="utf-8")
    return Lark(
        text, parser="lalr", lexer="basic", start=list(STARTS), strict=True, maybe_placeholders=True, postlex=_Layout()
    )


def build() -> dict[str, Any]:
    """The tables as plain data, from the grammar."""
    lark = grammar()
    terminals = [terminal for terminal in lark.terminals if terminal.name not in ("ERROR", "_NL")]
    name = next(terminal for terminal in terminals if terminal.name == "NAME")
    spellings = {t.name: t.pattern.value for t in terminals if t.pattern.type == "str"}
    keywords = {word: t for t, word in spellings.items() if re.fullmatch(name.pattern.to_regexp(), word)}
    matched = sorted((t for t in terminals if spellings.get(t.name) not in keywords), key=_lexer_order)
    table: Any = cast(Any, lark).parser.parser._parse_table
    singles = _singles(lark.rules)
    rules = sorted(
        {arg for row in table.states.values() for action, arg in row.values() if action.name == "Reduce"},
        key=lambda rule: (rule.origin.name, rule.order, str(rule)),
    )
    numbers = {rule: number for number, rule in enumerate(rules)}
    order, starts = _visit(table)
    actions: list[dict[str, int]] = []
    gotos: list[dict[str, int]] = []
    origins = {rule.origin.name for rule in rules}
    for state in order:
        row = table.states[state]
        coded = {
            symbol: order[arg] if action.name == "Shift" else ~numbers[arg]
            for symbol, (action, arg) in sorted(row.items())
        }
        if state in table.end_states.values():
            coded["$END"] = order[state]  # Lark accepts by comparing states; here the end fits like any token
        actions.append({symbol: code for symbol, code in coded.items() if symbol not in origins})
        gotos.append({symbol: code for symbol, code in coded.items() if symbol in origins})
    return {
        "pattern": "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in matched),
        "ignored": sorted(lark.ignore_tokens),
        "keywords": dict(sorted(keywords.items())),
        "spellings": dict(sorted(spellings.items())),
        "rules": [_rule(rule, singles) for rule in rules],
        "actions": actions,
        "gotos": gotos,
        "starts": starts,
    }


def text() -> str:
    """What the saved file should hold, one line per state."""
    data = build()
    lines = [f"{json.dumps(key)}: {_lines(value)}" for key, value in data.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _lines(value: object) -> str:
    if not isinstance(value, list):
        return json.dumps(value)
    items = cast("list[object]", value)
    return "[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in items) + "\n]"


def _lexer_order(terminal: TerminalDef) -> tuple[int, int, int, str]:
    """Lark's own: priority, then the longer pattern."""
    pattern = terminal.pattern
    return -terminal.priority, -pattern.max_width, -len(pattern.value), terminal.name


def _visit(table: Any) -> tuple[dict[int, int], dict[str, tuple[int, int]]]:
    """Number the states in the order a walk meets them, so that the same grammar always gives the same file."""
    order: dict[int, int] = {}
    waiting = [table.start_states[start] for start in STARTS]
    for state in waiting:
        if state not in order:
            order[state] = len(order)
            row = sorted(table.states[state].items())
            waiting += [arg for _, (action, arg) in row if action.name == "Shift"]
    return order, {s: (order[table.start_states[s]], order[table.end_states[s]]) for s in STARTS}


def _rule(rule: LarkRule, singles: set[str]) -> list[Any]:
    plan = _plan(rule, singles)
    origin = rule.origin.name
    if origin.startswith("__") or (origin.startswith("_") and origin not in singles):
        action = LIST
    elif origin in singles or (rule.options.expand1 and not rule.alias and len(plan) == 1):
        action = PASS
    else:
        action = rule.alias or origin
    return [origin, action, len(rule.expansion), plan]


def _plan(rule: LarkRule, singles: set[str]) -> list[int | None]:
    """Which symbols become children: not the fixed words and signs; None for each `[...]` that is absent."""
    plan: list[int | None] = []
    absent = list(rule.options.empty_indices) or [False] * len(rule.expansion)
    symbols = iter(enumerate(rule.expansion))
    for missing in absent:
        if missing:
            plan.append(None)
            continue
        index, symbol = next(symbols)
        if not symbol.is_term:
            grouped = symbol.name.startswith("_") and symbol.name not in singles
            plan.append(~index if grouped else index)
        elif not cast(Any, symbol).filter_out:
            plan.append(index)
    return plan


def _singles(rules: list[LarkRule]) -> set[str]:
    """The `_rules` of which every alternative stands for exactly one child."""
    by_origin: dict[str, list[LarkRule]] = {}
    for rule in rules:
        by_origin.setdefault(rule.origin.name, []).append(rule)
    singles = {name for name in by_origin if name.startswith("_") and not name.startswith("__")}
    while True:
        dropped = {
            name
            for name in singles
            for plan in (_plan(rule, singles) for rule in by_origin[name])
            if len(plan) != 1 or plan[0] is None or plan[0] < 0
        }
        if not dropped:
            return singles
        singles -= dropped


if __name__ == "__main__":
    SAVED.write_text(text(), encoding="utf-8")
