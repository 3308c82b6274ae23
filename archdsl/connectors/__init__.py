"""The connectors: words before braces that say how the lines in them are wired. Each is one file, named by its word."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module

from archdsl.connectors.connector import Connector


@cache
def names() -> list[str]:
    """The words that have a rule: the files here, without loading one."""
    files = {name.removesuffix(".py") for name in os.listdir(os.path.dirname(__file__)) if name.endswith(".py")}
    return sorted(files - {"__init__", "connector"})


def is_connector(word: str) -> bool:
    return word in names()


def find(word: str) -> type[Connector]:
    """The connector of one of these words."""
    module = import_module(f"archdsl.connectors.{word}")
    return next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Connector) and value.word == word
    )
