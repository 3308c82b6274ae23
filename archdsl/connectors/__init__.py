"""The connectors: words before braces that say how the lines in them are wired. One file each, loaded on use."""

from __future__ import annotations

from importlib import import_module

from archdsl.connectors.connector import Connector

FILES = {"residual": "residual", "inception": "inception", "section": "section"}
"""Word -> the file that declares it."""

PLANNED = frozenset(["dense", "parallel", "split", "on", "stage", "checkpoint"])
"""Words of the language that have no rule yet: known, so that the message can say so."""


def names() -> list[str]:
    return sorted(FILES)


def is_connector(word: str) -> bool:
    return word in FILES or word in PLANNED


def find(word: str) -> type[Connector] | None:
    """The connector of that word, None if there is no rule for it yet."""
    if word not in FILES:
        return None
    module = import_module(f"archdsl.connectors.{FILES[word]}")
    return next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Connector) and value.word == word
    )
