"""Fenced blocks of a Markdown page, which tests run and, with `--update`, rewrite in place."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(?P<title>.+?) *$", re.MULTILINE)


class Fence(NamedTuple):
    """A block. `start` and `end` enclose its text in the page, without the lines of the fence."""

    heading: str
    language: str
    options: Mapping[str, str]
    text: str
    start: int
    end: int
    line: int


def fences(page: str) -> Iterator[Fence]:
    """The blocks of a page in order. Behind the language an info string may hold options, `key=value` or just `key`."""
    inside = [(m.start(), m.end()) for m in _FENCE.finditer(page)]
    headings = [
        (m.start(), m["title"]) for m in _HEADING.finditer(page) if not any(a <= m.start() < b for a, b in inside)
    ]
    for match in _FENCE.finditer(page):
        language, *options = shlex.split(match["info"]) or [""]
        above = [title for at, title in headings if at < match.start()]
        yield Fence(
            above[-1] if above else "",
            language,
            dict(option.partition("=")[::2] for option in options),
            match["text"],
            match.start("text"),
            match.end("text"),
            page.count("\n", 0, match.start()) + 1,
        )


def rewrite(path: Path, fence: Fence, text: str) -> None:
    """Put `text` in place of a block that was read from the file; blocks above it may have been rewritten before."""
    page = path.read_text(encoding="utf-8")
    now = [other for other in fences(page) if (other.heading, other.language) == (fence.heading, fence.language)]
    target = next(other for other in now if other.text == fence.text)
    path.write_text(page[: target.start] + text + page[target.end :], encoding="utf-8")
