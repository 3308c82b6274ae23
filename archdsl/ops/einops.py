"""The notation of `rearrange`, as einops has it: `n (h a) (w b) d -> n h w (b a d)`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

Group = tuple[str, ...]
"""The axes that one axis of a value is composed of, slowest first; () is an axis of size 1."""

ELLIPSIS = "..."
COMPOSED = "(...)"
"""The ellipsis in parentheses: all its axes as one."""

_TOKEN = re.compile(r"\s*([()]|[A-Za-z0-9_.]+)")


class Pattern(NamedTuple):
    """Both sides, one group for each axis; the group ("...",) stands for any number of axes."""

    left: tuple[Group, ...]
    right: tuple[Group, ...]

    def expanded(self, rank: int) -> Pattern | None:
        """Without its ellipsis: `...` as axes `...0`, `...1`, for a value of that rank; None if that has fewer."""
        if (ELLIPSIS,) not in self.left:
            return self
        missing = rank - len(self.left) + 1
        if missing < 0:
            return None
        axes = tuple(f"{ELLIPSIS}{i}" for i in range(missing))
        return Pattern(_expand(self.left, axes), _expand(self.right, axes))


class Malformed(Exception):
    """A pattern that isn't one; the argument continues "the pattern `...` "."""


@lru_cache(maxsize=256)
def parse(text: str) -> Pattern:
    """Raises `Malformed`."""
    sides = text.split("->")
    if len(sides) != 2:
        raise Malformed("needs one `->` between what comes in and what goes out")
    pattern = Pattern(*map(_side, sides))
    left, right = ({name.strip("()") for group in side for name in group} for side in pattern)
    if any(COMPOSED in group for group in pattern.left):
        raise Malformed("has `...` in parentheses on the left, which would not say how many axes that are")
    for name in sorted(left - right):
        raise Malformed(f"has `{name}` on the left only; every number is kept, so it must go somewhere")
    for name in sorted(right - left):
        raise Malformed(f"has `{name}` on the right only; nothing is repeated, so it must come from somewhere")
    return pattern


def _side(text: str) -> tuple[Group, ...]:
    groups: list[Group] = []
    open_group: list[str] | None = None
    seen: set[str] = set()
    at = 0
    text = text.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise Malformed(f"has `{text[at:].lstrip()[0]}`, which means nothing there")
        at = token.end()
        word = token[1]
        if word == "(":
            if open_group is not None:
                raise Malformed("has parentheses inside parentheses")
            open_group = []
        elif word == ")":
            if open_group is None:
                raise Malformed("has a `)` without its `(`")
            groups.append(tuple(open_group))
            open_group = None
        else:
            name = _name(word, seen)
            if open_group is not None:
                open_group.extend(COMPOSED if axis == ELLIPSIS else axis for axis in name)
            else:
                groups.append(name)
    if open_group is not None:
        raise Malformed("has a `(` without its `)`")
    return tuple(groups)


def _name(word: str, seen: set[str]) -> Group:
    """The axis that a word names; none if it is `1`."""
    if word == "1":
        return ()
    if "." in word and word != ELLIPSIS:
        raise Malformed(f"has `{word}`; only `...`, with spaces around it, stands for further axes")
    if word[0].isdigit():
        raise Malformed(f"has the number `{word}`; name the axis and give its size: {word} as `a`, a={word}")
    if word[0] == "_" or word[-1] == "_":
        raise Malformed(f"has the name `{word}`; names of axes do not begin or end with an underscore")
    if word in seen:
        raise Malformed(f"has `{word}` twice on one side")
    seen.add(word)
    return (word,)


def _expand(side: tuple[Group, ...], axes: Group) -> tuple[Group, ...]:
    out: list[Group] = []
    for group in side:
        if group == (ELLIPSIS,):
            out.extend((axis,) for axis in axes)
        elif COMPOSED in group:
            at = group.index(COMPOSED)
            out.append((*group[:at], *axes, *group[at + 1 :]))
        else:
            out.append(group)
    return tuple(out)
