"""Keys of a `state_dict`, and patterns for them: `*` stands for anything, dots too."""

from __future__ import annotations

from archdsl.record import Record


def captured(pattern: str, key: str) -> list[str] | None:
    """What each `*` of a pattern stands for in a key; None if the key as a whole isn't of that form.

    Each takes as little as it can, the last one the rest. So one pass decides, whatever the pattern: a regular
    expression of many `.*` takes time that grows with a power of the key's length.
    """
    first, *others = pattern.split("*")
    if not others:
        return [] if key == pattern else None
    last = others.pop()
    if not key.startswith(first) or not key.endswith(last) or len(key) < len(first) + len(last):
        return None
    found: list[str] = []
    at, end = len(first), len(key) - len(last)
    for literal in others:
        begins = key.find(literal, at, end)
        if begins < 0:
            return None
        found.append(key[at:begins])
        at = begins + len(literal)
    return [*found, key[at:end]]


def matches(pattern: str, key: str) -> bool:
    """Whether a key as a whole is what a pattern says."""
    return captured(pattern, key) is not None


def below(path: str, key: str) -> bool:
    """Whether a key is that of `path`, or of something in it; with a `*` the pattern is one of whole keys."""
    if "*" in path:
        return matches(path, key)
    return key == path or key.startswith(f"{path}.")


class Rename(Record):
    """`rename "norm.1" -> "norm1"`: what a file calls `old` is the network's `new`.

    Without a `*`, `old` is a run of whole parts, anywhere in a key and each time that it occurs; an empty `new` takes
    them away. With a `*` it is the form of a whole key, and each `*` of `new` is what the one at its place stood for.
    """

    old: str
    new: str

    def __str__(self) -> str:
        return f'"{self.old}" -> "{self.new}"'

    def apply(self, key: str) -> str:
        """The key by the rule; unchanged if it isn't meant."""
        if "*" in self.old:
            found = captured(self.old, key)
            return key if found is None else _filled(self.new, found)
        return _replaced(key, self.old.split("."), self.new.split(".") if self.new else [])

    def problem(self) -> str | None:
        """Why the rule can't be meant; None if it can."""
        if not self.old:
            return "there is nothing to rename in an empty name"
        if self.old == self.new:
            return "both sides are the same"
        if self.old.count("*") != self.new.count("*"):
            return "each `*` on the left needs one on the right, in the same order"
        for side in (self.old, self.new):
            if side and not all(side.split(".")):
                return f'"{side}" has an empty part: parts of a name are joined by single dots'
        return None


def _filled(pattern: str, texts: list[str]) -> str:
    first, *others = pattern.split("*")
    return first + "".join(text + literal for text, literal in zip(texts, others))


def _replaced(key: str, old: list[str], new: list[str]) -> str:
    parts = key.split(".")
    made: list[str] = []
    at = 0
    while at < len(parts):
        if parts[at : at + len(old)] == old:
            made += new
            at += len(old)
        else:
            made.append(parts[at])
            at += 1
    return ".".join(made)
