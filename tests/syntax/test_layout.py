"""Where statements end."""

from __future__ import annotations

import pytest

from archdsl.syntax.layout import lay_out
from archdsl.syntax.lexer import Token, lex


def laid(text: str) -> str:
    """The layout of a text: its words, `|` where a statement ends."""
    tokens = lay_out(lex(text), len(text), lambda _brace, _clause: None)
    return " ".join("|" if token.type == "_NL" else token.text for token in tokens[:-1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb", "a | b"),
        ("a;b", "a | b"),
        ("a;;\n\n;b", "a | b"),
        ("\n\na\n\n", "a"),
        ("a\r\nb", "a | b"),
        ("a # note\nb", "a | b"),
        ("f(a,\nb\n)\nc", "f ( a , b ) | c"),
        ("[a,\nb]\nc", "[ a , b ] | c"),
        ("a ->\nb\n-> c\nd", "a -> b -> c | d"),
        ("let x =\n3\nlet y", "let x = 3 | let y"),
        ("a +\nb", "a + b"),
        ("a and\nb", "a and b"),
        ("a ..\nb", "a .. b"),
        ("a *\n3", "a * 3"),
        ("a\n* b", "a | * b"),
        ("a not\nb", "a not | b"),
        ("if a {\nb\n}\nelse {\nc\n}\nd", "if a { b } else { c } | d"),
        ("a {\n\nb\n\n}", "a { b }"),
        ("{ ; a; }", "{ a }"),
        ("residual {\na\n}\nshortcut { b }", "residual { a } shortcut { b }"),
        ("residual {\na\n}\nshortcut(x) { b }", "residual { a } shortcut ( x ) { b }"),
        ("a {\nb\n}\nshortcut: c", "a { b } | shortcut : c"),
        ("a {\nb\n}\nshortcut(c)\nd", "a { b } | shortcut ( c ) | d"),
        ("a\nshortcut { b }", "a | shortcut { b }"),
    ],
)
def test_where_statements_end(text: str, expected: str) -> None:
    assert laid(text) == expected


def test_a_clause_on_its_own_line_is_told() -> None:
    told: list[tuple[Token, Token]] = []
    text = "residual { a }\nshortcut { b }"
    lay_out(lex(text), len(text), lambda brace, clause: told.append((brace, clause)))
    assert [(brace.start, clause.start) for brace, clause in told] == [(13, 15)]
