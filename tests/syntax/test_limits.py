"""Nothing is too deep, too long or too much: there is an answer, soon."""

from __future__ import annotations

from time import perf_counter

import pytest

from archdsl.budget import Limits
from tests.syntax.reading import mistakes, tree

MANY = 20_000

DEEP = {
    "minus": "let x = " + "- " * MANY + "1",
    "not": "let x = " + "not " * MANY + "true",
    "power": "let x = 1" + " ^ 1" * MANY,
    "sum": "let x = 1" + "+1" * MANY,
    "and": "let x = a" + " and a" * MANY,
    "attributes": "let x = a" + ".a" * MANY,
    "calls": "let x = a" + "()" * MANY,
    "indices": "let x = a" + "[0]" * MANY,
    "conditions": "let x = " + "if a then b else " * MANY + "1",
    "open (": "let x = " + "(" * MANY,
    "open [": "let x = " + "[" * MANY,
    "open {": "network n " + "{" * MANY,
    "( )": "let x = " + "(" * MANY + "1" + ")" * MANY,
    "[ ]": "let x = " + "[" * MANY + "]" * MANY,
    "{ }": "network n " + "{" * MANY + "}" * MANY,
    "f( on lines": "network n {\n" + "f(\n" * MANY + "}",
    "else if": "network n { if a { b } " + "else if a { b } " * MANY + "}",
    "if { }": "network n { " + "if a {" * MANY + "}" * MANY + "}",
    "patterns": "network n { for " + "(" * MANY,
    "in a string": 'let x = "{' + "(" * MANY + '}"',
}

BROKEN = {
    "{ in a string": 'let x = "' + "{" * MANY + '"',
    "closing )": ")" * MANY,
    "closing }": "}" * MANY,
    "if": "let x = " + "if " * MANY,
    "comparisons": "let x = 1" + " < 1" * MANY,
    "escapes": 'let x = "' + "\\q" * MANY + '"',
    "meaningless": "$ " * MANY,
    "nul": "\0" * MANY,
    "carriage returns": "\r" * MANY,
    "f(->": "f(-> " * MANY,
    "one line": "a b " * MANY,
    "a digit": "let x = " + "9" * MANY,
}


PATIENCE = 60
"""Seconds, on a machine with other work to do: what would take longer would take for ever."""


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_too_deep_is_one_message_soon(text: str) -> None:
    start = perf_counter()
    found = mistakes(text)
    assert [d.code for d in found] == ["E0601"]
    assert found[0].title.startswith("levels of nesting")
    assert found[0].span.end > found[0].span.start
    assert perf_counter() - start < PATIENCE


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_much_of_the_same_mistake_is_one_message_soon(text: str) -> None:
    start = perf_counter()
    assert len(mistakes(text)) == 1
    assert perf_counter() - start < PATIENCE


@pytest.mark.parametrize("line", ["a b c", "f( ->", "\u202e", "'", "3x", "}", "ö", "let x = (", '"'])
def test_so_many_messages_and_no_more(line: str) -> None:
    start = perf_counter()
    found = mistakes("network n {\n" + f"{line}\n" * MANY + "}")
    assert 1 <= len(found) <= Limits().diagnostics
    assert perf_counter() - start < PATIENCE


def test_what_stands_just_below_the_limit_is_read() -> None:
    tree("let x = " + "-" * 100 + "1")
    tree("let x = " + "(" * 100 + "1" + ")" * 100)
    tree("network n " + "{" * 100 + "}" * 100)
    assert [d.code for d in mistakes("let x = " + "-" * 101 + "1")] == ["E0601"]


def test_limits_are_the_callers() -> None:
    assert [d.code for d in mistakes("network n { a }", Limits(bytes=14))] == ["E0601"]
    assert [d.code for d in mistakes("# é", Limits(bytes=3))] == ["E0601"]
    assert [d.code for d in mistakes("network n { a }", Limits(tokens=4))] == ["E0601"]
    assert [d.code for d in mistakes("network n { { a } }", Limits(nesting=1))] == ["E0601"]
    assert mistakes("network n { { a } }", Limits(bytes=19, tokens=7, nesting=2)) == []


def test_long_is_not_deep() -> None:
    tree("network n {\n" + "conv(3)\n" * 5_000 + "}")
    tree("network n { a" + " -> a" * 5_000 + " }")
    tree("let x = [" + "1, " * 5_000 + "]")
    tree("network n { a(" + "b=1, " * 5_000 + ") }")
    tree('let x = "' + "{a}" * 5_000 + '"')
