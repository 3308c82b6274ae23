"""Each mistake: its code, the place marked, what is said, and the edit that mends it."""

# Lookalikes are among the mistakes:
# ruff: noqa: RUF001
from __future__ import annotations

import pytest

from archdsl.diagnostic import Diagnostic
from tests.syntax.reading import mended, mistakes


def only(text: str) -> Diagnostic:
    found = mistakes(text)
    assert len(found) == 1, [(d.title, d.span) for d in found]
    return found[0]


def in_network(line: str) -> str:
    return f"network n {{\n    {line}\n}}\n"


MENDED = [
    # E0101: something else, or something more, is expected
    ("conv(64 3x3)", "E0101", "3x3", "expected `,`, found `3x3`", "conv(64, 3x3)"),
    ("conv(64, stride: 2)", "E0101", ":", "expected `=`, found `:`", "conv(64, stride= 2)"),
    ("conv1 = conv(64)", "E0101", "=", "expected `:`, found `=`", "conv1 : conv(64)"),
    ("if a = b { c }", "E0101", "=", "expected `==`, found `=`", "if a == b { c }"),
    ("for i 0..3 { a }", "E0101", "0", "expected `in`, found `0`", "for i in 0..3 { a }"),
    ("for i of xs { a }", "E0101", "of", "expected `in`, found `of`", "for i in xs { a }"),
    ("let x 3", "E0101", "3", "expected `=`, found `3`", "let x = 3"),
    ("let x = [1 2]", "E0101", "2", "expected `,`, found `2`", "let x = [1, 2]"),
    ("conv(3) relu", "E0101", "relu", "expected `->`, found `relu`", "conv(3) -> relu"),
    ("conv(3) relu -> b: c", "E0101", "relu", "expected `->`, found `relu`", "conv(3) -> relu -> b: c"),
    ("f(a; b)", "E0101", ";", "expected `,`, found `;`", "f(a, b)"),
    ("exepct params == 3", "E0101", "exepct", "expected `expect`, found `exepct`", "expect params == 3"),
    ("inptu x: [N, 3]", "E0101", "inptu", "expected `input`, found `inptu`", "input x: [N, 3]"),
    # E0102: something is too much
    ("conv(64,, 3x3)", "E0102", ",", "unexpected `,`", "conv(64, 3x3)"),
    ("a -> -> b", "E0102", "->", "unexpected `->`", "a ->  b"),
    # E0103 to E0106: brackets
    ("conv(64, 3x3", "E0103", "(", "`(` is never closed", "conv(64, 3x3)"),
    ("conv(64, 3x3 -> relu", "E0103", "(", "`(` is never closed", "conv(64, 3x3) -> relu"),
    ("conv(max(3, 4)", "E0103", "(", "`(` is never closed", "conv(max(3, 4))"),
    ("let x = [1, 2", "E0103", "[", "`[` is never closed", "let x = [1, 2]"),
    ("conv ( -> relu", "E0103", "(", "`(` is never closed", "conv () -> relu"),
    ("conv(64, 3x3))", "E0104", ")", "`)` closes nothing", "conv(64, 3x3)"),
    ("conv 64, 3x3)", "E0104", ")", "`)` closes nothing", "conv( 64, 3x3)"),
    ("conv(64, 3x3]", "E0105", "]", "`]` does not close `(`", "conv(64, 3x3)"),
    # E0107: numbers
    ("conv(3X3)", "E0107", "3X3", "`3X3` is not a number", "conv(3x3)"),
    ("conv(0x1F)", "E0107", "0x1F", "`0x1F` is not a number", "conv(31)"),
    ("conv(1_000_)", "E0107", "1_000_", "`1_000_` is not a number", "conv(1_000)"),
    # E0114, E0115: other signs and spellings
    ("conv(64, 3×3)", "E0114", "×", "the character U+00D7 (Multiplication sign) means nothing here", "conv(64, 3x3)"),
    ("conv(64，3)", "E0114", "，", "the character U+FF0C (Fullwidth comma) means nothing here", "conv(64,3)"),
    ("a → b", "E0115", "→", "`→` is written `->` here", "a -> b"),
    ("a => b", "E0115", "=>", "`=>` is written `->` here", "a -> b"),
    ("if a && b { c }", "E0115", "&&", "`&&` is written `and` here", "if a and b { c }"),
    ("if a || b { c }", "E0115", "||", "`||` is written `or` here", "if a or b { c }"),
    ("if !a { c }", "E0115", "!", "`!` is written `not` here", "if not a { c }"),
    ("if a&&b { c }", "E0115", "&&", "`&&` is written `and` here", "if a and b { c }"),
    ("let x = 2 ** 3", "E0115", "**", "`**` is written `^` here", "let x = 2 ^ 3"),
    ("let x = .5", "E0115", ".5", "`.5` is written `0.5` here", "let x = 0.5"),
    ("let x = 5.", "E0115", "5.", "`5.` is written `5.0` here", "let x = 5.0"),
    ("// note", "E0115", "//", "`//` is written `#` here", "# note"),
    ("conv(3) // note", "E0115", "//", "`//` is written `#` here", "conv(3) # note"),
    ("f('text')", "E0115", "'text'", "`'...'` is written `\"...\"` here", 'f("text")'),
    ("if a { b } elif c { d }", "E0115", "elif", "`elif` is written `else if` here", "if a { b } else if c { d }"),
    # E0118, E0120
    ("residual { a }\n    shortcut { b }", "E0118", "shortcut", "`shortcut` stands on the line of the `}` before it",
     "residual { a } shortcut { b }"),
    ("if a\n    { b }", "E0118", "{", "`{` stands on the line of the `if` before it", "if a { b }"),
    ("width = 64", "E0120", "width", "a value is named with `let`", "let width = 64"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code", "marked", "title", "repaired"), MENDED, ids=[case[0] for case in MENDED])
def test_the_edit_mends(line: str, code: str, marked: str, title: str, repaired: str) -> None:
    text = in_network(line)
    found = only(text)
    assert (found.code, found.span.text, found.title) == (code, marked, title)
    result = mended(text, found)
    assert result is not None
    assert result == in_network(repaired)
    assert mistakes(result) == []


TOLD = [
    ("let x = conv(3) -> relu", "E0101", "->", "expected the end of the line, found `->`"),
    ("let x = { a }", "E0101", "{", "expected a value, found `{`"),
    ("if a: conv(3)", "E0101", ":", "expected `{`, found `:`"),
    ("if (a) conv(3)", "E0101", "conv", "expected `{`, found `conv`"),
    ("conv(64, stride=)", "E0101", ")", "expected a value, found `)`"),
    ("conv(64, 3x3, stride=,)", "E0101", ",", "expected a value, found `,`"),
    ("for i in 0..3\n    a", "E0101", "", "expected `{`, found the end of the line"),
    ("conv1:\n    a", "E0101", "", "expected a step, found the end of the line"),
    ("a ->", "E0101", "", "expected a step, found the end of the line"),
    ("3 * conv", "E0101", "3 *", "expected a step, found `3 *`"),
    ("block b { a }", "E0101", "block", "expected a statement, found `block`"),
    ("input: [N, 3]", "E0101", ":", "expected a name, found `:`"),
    ("let x = if a then b", "E0101", "", "expected `else`, found the end of the line"),
    ("body(bn -> relu)", "E0106", "->", "`->` can't stand inside `()`"),
    ("body({ bn })", "E0106", "{", "`{` can't stand inside `()`"),
    ("conv(3x)", "E0107", "3x", "`3x` is not a number"),
    ("conv(12ab)", "E0107", "12ab", "`12ab` is not a number"),
    ("conv(1.2.3)", "E0107", "1.2.3", "`1.2.3` is not a number"),
    ("conv(3x 64)", "E0107", "3x", "`3x` is not a number"),
    ("conv(9223372036854775808)", "E0108", "9223372036854775808", "`9223372036854775808` is too large"),
    ("conv(1e999)", "E0108", "1e999", "`1e999` is too large"),
    ("conv(3x9223372036854775808)", "E0108", "3x9223372036854775808", "`3x9223372036854775808` is too large"),
    ('f("text)', "E0109", '"text)', "the text has no closing quote"),
    ('f(@"text)', "E0109", '"text)', "the text has no closing quote"),
    ('f("text\\', "E0109", '"text\\', "the text has no closing quote"),
    (r'f("a\qb")', "E0110", r"\q", r"unknown escape `\q`"),
    ('f("a{i")', "E0111", "{", "the `{` in the text is never closed"),
    ('f("a}b")', "E0111", "}", "the `}` in the text closes nothing"),
    ('f("a{ }b")', "E0111", "{ }", "the braces in the text are empty"),
    ('f("a{i +}b")', "E0101", "", "expected a value, found the end"),
    ('f("a{i j}b")', "E0102", "j", "unexpected `j`"),
    ("größe: conv(3)", "E0112", "größe", "the name `größe` has a character other than A-Z, a-z, 0-9 and _"),
    ("ﬁx: conv(3)", "E0112", "ﬁx", "the name `ﬁx` has a character other than A-Z, a-z, 0-9 and _"),
    ("\u0441onv(3)", "E0112", "\u0441onv", "the name `\u0441onv` has a character other than A-Z, a-z, 0-9 and _"),
    ("conv(٣)", "E0112", "٣", "the name `٣` has a character other than A-Z, a-z, 0-9 and _"),
    ("conv($x)", "E0114", "$", "`$` means nothing here"),
    ("conv(\N{ROCKET})", "E0114", "\N{ROCKET}", "the character U+1F680 (Rocket) means nothing here"),
    ("if 0 < i < n { a }", "E0116", "<", "a chained comparison: each `<` compares two values"),
    ("let x = 0..n..m", "E0116", "..", "a chained comparison: each `..` compares two values"),
    ("let in = 3", "E0117", "in", "`in` is a keyword and can't be a name"),
    ("for: conv(3)", "E0117", "for", "`for` is a keyword and can't be a name"),
    ("conv(in)", "E0117", "in", "`in` is a keyword and can't be a name"),
]


@pytest.mark.parametrize(("line", "code", "marked", "title"), TOLD, ids=[case[0] for case in TOLD])
def test_what_is_said(line: str, code: str, marked: str, title: str) -> None:
    found = only(in_network(line))
    assert (found.code, found.span.text, found.title) == (code, marked, title)
    assert found.label


FILES = [
    ("conv(3)", "E0101", "expected `network`, `block`, `variant`, `let`, `import` or `mesh`, found `conv`"),
    ("netwrok n { a }", "E0101", "expected `network`, found `netwrok`"),
    ("network", "E0101", "expected a name, found the end"),
    ("network n", "E0101", "expected `{`, found the end"),
    ("network (a) { b }", "E0101", "expected a name, found `(`"),
    ("import common.arch", "E0101", "expected a text in quotes, found `common`"),
    ("variant v resnet()", "E0101", "expected `=`, found `resnet`"),
    ("variant v = 3", "E0101", "expected a name, found `3`"),
    ("mesh m", "E0101", "expected `[`, found the end"),
    ("block b(in) { a }", "E0117", "`in` is a keyword and can't be a name"),
    ("network n\n{\n    a\n}", "E0118", "`{` stands on the line of the `network` before it"),
    ("network n {\n    a\n", "E0103", "`{` is never closed"),
    ("network n {\n    b {\n        a\n}\nnetwork m { a }", "E0103", "`{` is never closed"),
    ("network n {\n    a\n}\n}", "E0104", "`}` closes nothing"),
    ("network n\n    a\n    b\n}", "E0101", "expected `{`, found the end of the line"),
    ("network n {\n    b\n        a\n    }\n}", "E0101", "expected `{`, found the end of the line"),
    ("network n(\n    a = [1,\n        2,\n    b = 3\n) { c }", "E0103", "`[` is never closed"),
    ("let a = [\n    1,\n    2\nlet b = 3", "E0103", "`[` is never closed"),
    ("let a = [\n    [1, 2],\n    [1, 2,\n    [1, 2],\n]\nnetwork n { b }", "E0103", "`[` is never closed"),
    ("let a = [\n    [1, ) 2],\n    [1, 2],\n]", "E0104", "`)` closes nothing"),
]


@pytest.mark.parametrize(("text", "code", "title"), FILES, ids=[case[0] for case in FILES])
def test_what_is_said_of_files(text: str, code: str, title: str) -> None:
    found = only(text)
    assert (found.code, found.title) == (code, title)


HIDDEN = [
    ("a # \u202e", "U+202E (Right-to-left override)"),
    ('f("\u2066")', "U+2066 (Left-to-right isolate)"),
    ("a\u200bb", "U+200B (Zero width space)"),
    ("a # \x1b[31m", "U+001B"),
    ("a\x00", "U+0000"),
    ("a # \x7f", "U+007F"),
    ("a # \x85", "U+0085"),
    ("a # \u2028 b", "U+2028 (Line separator)"),
    ("a # \ufeff", "U+FEFF (Zero width no-break space)"),
    ("a\rb", "U+000D"),
    ("a # \x0c", "U+000C"),
]


@pytest.mark.parametrize(("line", "name"), HIDDEN, ids=[name for _, name in HIDDEN])
def test_characters_that_cannot_be_seen_are_refused_everywhere_and_never_shown(line: str, name: str) -> None:
    found = only(in_network(line))
    assert (found.code, found.title) == ("E0113", f"the character {name} is not allowed")
    assert f"{found.title}{found.label}".isprintable()


def test_bytes_that_are_not_utf_8() -> None:
    found = only(b"network n { a } # caf\xe9\n".decode("utf-8", "surrogateescape"))
    assert (found.code, found.title, found.span.start) == ("E0119", "the file is not UTF-8: byte 0xE9", 21)


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert mistakes("\ufeffnetwork n { a }\r\n") == []


def test_the_other_half_of_a_bracket_is_shown() -> None:
    (label,) = only(in_network("conv(64, 3x3]")).labels
    assert label.span.text == "("
