"""Random specs, grown from the grammar and written with random spaces, line breaks and comments."""

from __future__ import annotations

from collections import defaultdict
from random import Random

from archdsl.syntax.brackets import CLOSERS, CLOSING
from archdsl.syntax.layout import GOES_BACK, GOES_ON
from archdsl.syntax.tables import load

WORDS = {
    "NAME": ["a", "conv", "bn1", "relu", "width", "_x", "xs", "some_longer_name_than_usual"],
    "NUMBER": ["0", "3", "64", "1_000", "0.5", "1e-5", "3x3", "1x3x3", "4.09G"],
    "STRING": ['""', '"text"', '"layer{i + 1}"', '"a\\"b"', '"stages.{i}"', '"# no comment"', '"ünï"'],
    "REF": ["@in", "@layer1"],
    "REF_STRING": ['@"enc{i - 1}"', '@"stages.3"'],
    "CMP": ["==", "!=", "<=", ">=", "<", ">"],
    "_ARROW": ["->"],
    "_NL": ["\n", ";"],
}


def _rules() -> dict[str, list[list[str]]]:
    """Right-hand sides by rule, read back from the automaton's items: the grammar as Lark expanded it."""
    from archdsl.syntax.tables import grammar

    rules: dict[str, list[list[str]]] = defaultdict(list)
    for rule in grammar().rules:
        symbols = [symbol.name for symbol in rule.expansion]
        if "ERROR" not in symbols and "bad" not in symbols:
            rules[rule.origin.name].append(symbols)
    return {name: sides for name, sides in rules.items() if name != "bad"}


RULES = _rules()


def _heights() -> dict[str, int]:
    """How deep the shortest derivation of each rule is."""
    heights: dict[str, int] = {}
    while len(heights) < len(RULES):
        for name, sides in RULES.items():
            known = [
                1 + max((heights[symbol] for symbol in side if symbol in RULES), default=0)
                for side in sides
                if all(symbol in heights or symbol not in RULES for symbol in side)
            ]
            if known and name not in heights:
                heights[name] = min(known)
    return heights


HEIGHTS = _heights()


def grow(random: Random, size: int = 60) -> list[tuple[str, str]]:
    """Terminals and spellings of a random file: once `size` rules were chosen freely, the shortest way out is taken."""
    spellings = load().spellings
    grown: list[tuple[str, str]] = []
    waiting = ["file"]
    while waiting:
        symbol = waiting.pop()
        if symbol not in RULES:
            grown.append((symbol, random.choice(WORDS.get(symbol) or [spellings[symbol]])))
            continue
        sides = RULES[symbol]
        size -= 1
        if size < 0:
            lowest = min(_height(side) for side in sides)
            sides = [side for side in sides if _height(side) == lowest]
        waiting += reversed(random.choice(sides))
    return grown


def _height(side: list[str]) -> int:
    return max((HEIGHTS[symbol] for symbol in side if symbol in RULES), default=0)


def write(random: Random, grown: list[tuple[str, str]], comments: bool = True) -> str:
    """The terminals as text: what may stand between two of them does, now and then."""
    text = ""
    brackets = 0
    before = "_NL"
    for kind, spelling in grown:
        brackets -= kind in CLOSERS
        free = brackets + (kind in CLOSERS) > 0 or before in GOES_ON | {"_NL"} or kind in GOES_BACK | {"RBRACE", "_NL"}
        if kind == "_NL" and spelling == ";" and random.random() < 0.3:
            text += ";"
        text += _gap(random, free, comments)
        text += spelling
        brackets += kind in CLOSING
        before = kind
    return text + (_gap(random, True, comments) if random.random() < 0.5 else "")


def _gap(random: Random, free: bool, comments: bool) -> str:
    if free and random.random() < 0.15:
        note = f"# {random.randrange(10**6)}" if comments and random.random() < 0.4 else ""
        return f" {note}\n{random.choice(['', '    ', chr(10), chr(10) * 3])}"
    return random.choice([" ", "  "])
