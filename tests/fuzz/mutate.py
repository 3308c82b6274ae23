"""Specs that nobody would write: real ones, damaged."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

TOKEN = re.compile(r'\s+|"[^"\n]*"|@?[A-Za-z_]\w*|[0-9][\w.]*|->|[=!<>]=|\.\.|//|.')

PIECES = (
    *'{}()[]:;,=@.*+-/%^<>"#\\\n\t\r\0',
    *("->", "..", "==", "//", "if", "then", "else", "for", "in", "not", "and", "or", "true", "false", "none"),
    *(
        "let",
        "block",
        "network",
        "variant",
        "input",
        "expect",
        "import",
        "output",
        "param",
        "init",
        "mesh",
        "where",
        "rename",
    ),
    *("conv", "relu", "residual", "shortcut", "inception", "section", "add", "concat", "flatten", "linear", "bn"),
    *("0", "1", "-1", "2.5", "1e308", "3x3", "0x0", "9223372036854775807", "4.09G", "1..9", "[1, 2]", "N", "H"),
    *(
        '"{"',
        '"{i}"',
        '"a.b"',
        "@in",
        "@.channels",
        '@"x{0}"',
        "@",
        "(@)",
        "é",
        "\u202e",
        "\x1b[31m",
        "\udc80",
        "\uff43",
    ),
)


def tokens(text: str) -> list[str]:
    return TOKEN.findall(text)


def delete(words: list[str], random: Random) -> None:
    del words[random.randrange(len(words))]


def insert(words: list[str], random: Random) -> None:
    words.insert(random.randrange(len(words) + 1), random.choice(PIECES))


def replace(words: list[str], random: Random) -> None:
    words[random.randrange(len(words))] = random.choice(PIECES)


def swap(words: list[str], random: Random) -> None:
    i, j = (random.randrange(len(words)) for _ in range(2))
    words[i], words[j] = words[j], words[i]


def repeat(words: list[str], random: Random) -> None:
    i = random.randrange(len(words))
    words[i:i] = words[i : i + random.randrange(1, 20)] * random.randrange(1, 30)


def move(words: list[str], random: Random) -> None:
    i = random.randrange(len(words))
    piece = words[i : i + random.randrange(1, 20)]
    del words[i : i + len(piece)]
    at = random.randrange(len(words) + 1)
    words[at:at] = piece


def cut(words: list[str], random: Random) -> None:
    del words[random.randrange(1, len(words) + 1) :]


MUTATIONS: tuple[Callable[[list[str], Random], None], ...] = (delete, insert, replace, swap, repeat, move, cut)


def mutate(text: str, random: Random) -> str:
    """One to five mutations of a spec's tokens; one time in ten of its characters instead."""
    words = list(text) if random.random() < 0.1 else tokens(text)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        if words:
            random.choice(MUTATIONS)(words, random)
    return "".join(words)


def soup(random: Random) -> str:
    """No spec at all: pieces of the language in any order."""
    return " ".join(random.choice(PIECES) for _ in range(random.randrange(200)))
