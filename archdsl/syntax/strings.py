"""What stands between quotes: escapes, and `{expression}`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

ESCAPES = {"\\": "\\", '"': '"', "n": "\n", "t": "\t", "{": "{", "}": "}"}


class Text(NamedTuple):
    """Plain text, its escapes resolved."""

    value: str


class Hole(NamedTuple):
    """The place of an expression, between its braces."""

    start: int
    end: int


class Mistake(NamedTuple):
    """What is wrong (`escape`, `unclosed`, `unopened`, `empty`) and where."""

    kind: str
    start: int
    end: int


def pieces(text: str, start: int, end: int) -> Iterator[Text | Hole | Mistake]:
    """The content of a string in `text[start:end]`, in order; offsets are those of `text`."""
    at = start
    plain: list[str] = []
    while at < end:
        sign = text[at]
        if sign == "\\":
            value = ESCAPES.get(text[at + 1])
            if value is None:
                yield Mistake("escape", at, at + 2)
            plain.append(value or text[at + 1])
            at += 2
        elif sign == "{":
            if plain:
                yield Text("".join(plain))
                plain = []
            close = text.find("}", at, end)
            if close < 0:
                yield Mistake("unclosed", at, at + 1)
                return
            yield Hole(at + 1, close) if text[at + 1 : close].strip() else Mistake("empty", at, close + 1)
            at = close + 1
        elif sign == "}":
            yield Mistake("unopened", at, at + 1)
            at += 1
        else:
            stop = at + 1
            while stop < end and text[stop] not in "\\{}":
                stop += 1
            plain.append(text[at:stop])
            at = stop
    if plain:
        yield Text("".join(plain))
