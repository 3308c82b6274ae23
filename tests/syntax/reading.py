"""Parsing for tests."""

from __future__ import annotations

from pathlib import Path

from archdsl.budget import Budget, Limits
from archdsl.diagnostic import Diagnostic, Diagnostics
from archdsl.source import Source
from archdsl.syntax import ast
from archdsl.syntax.format import format_text
from archdsl.syntax.parse import parse

ROOT = Path(__file__).parents[2]
SPECS = sorted([*(ROOT / "specs").glob("*.arch"), *(Path(__file__).parent / "samples").glob("*.arch")])


def read(text: str, limits: Limits | None = None) -> tuple[ast.File, list[Diagnostic]]:
    """The tree of a text and what is wrong with it."""
    diagnostics = Diagnostics()
    return parse(Source("net.arch", text), Budget(limits), diagnostics), list(diagnostics)


def tree(text: str) -> ast.File:
    """The tree of a text that has no mistakes."""
    file, found = read(text)
    assert not found, [(d.title, d.span) for d in found]
    return file


def mistakes(text: str, limits: Limits | None = None) -> list[Diagnostic]:
    """What is wrong with a text."""
    return read(text, limits)[1]


def formatted(text: str) -> str:
    """A text without mistakes, formatted."""
    diagnostics = Diagnostics()
    result = format_text(Source("net.arch", text), Budget(), diagnostics)
    assert result is not None, [(d.title, d.span) for d in diagnostics]
    return result


def mended(text: str, diagnostic: Diagnostic) -> str | None:
    """The text with the edit that a diagnostic suggests; None if it suggests none."""
    for way in diagnostic.all_helps:
        if way.edit:
            return text[: way.edit.span.start] + way.edit.text + text[way.edit.span.end :]
    return None
