"""`archdsl fmt`: one way to write a spec; nothing that was said is lost."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.budget import Budget
from archdsl.diagnostic import Diagnostics
from archdsl.source import Source
from archdsl.syntax.format import format_text
from archdsl.syntax.lexer import comments, lex
from tests.syntax.reading import SPECS, formatted, read, tree
from tests.syntax.trees import same
from tests.syntax.writing import grow, write


def keeps_its_promises(text: str) -> str:
    """Format a text, and see that it says the same, has its comments, and would not be changed again."""
    result = formatted(text)
    assert same(tree(result), tree(text))
    assert sorted(c.text.rstrip() for c in comments(result)) == sorted(c.text.rstrip() for c in comments(text))
    assert formatted(result) == result
    assert all(line == line.rstrip() for line in result.split("\n"))
    assert result == "" or (result.endswith("\n") and not result.endswith("\n\n"))
    return result


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_specs_are_written_as_fmt_writes_them(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert keeps_its_promises(text) == text


@settings(max_examples=300)
@given(st.integers(0, 2**32), st.sampled_from([20, 60, 200, 600]))
def test_promises_hold_for_whatever_the_grammar_allows(seed: int, size: int) -> None:
    random = Random(seed)
    text = write(random, grow(random, size))
    if not read(text)[1]:  # nesting has a limit
        keeps_its_promises(text)


@settings(max_examples=60)
@given(st.sampled_from(SPECS), st.integers(0, 2**32))
def test_spaces_and_blank_lines_do_not_matter(path: Path, seed: int) -> None:
    """Where the author has no say, however a spec is spaced, fmt writes it the same."""
    random = Random(seed)
    text = path.read_text(encoding="utf-8")
    changed = ""
    end = 0
    for token in sorted([*lex(text), *comments(text)], key=lambda token: token.start):
        gap = text[end : token.start]
        own_line = text[: token.start].rstrip(" ").endswith("\n") or not text[: token.start].strip()
        touching = token.type == "COMMENT" or (changed[-1:] + token.text[:1]).isidentifier() or not changed
        changed += " " * random.randrange(4) if gap or own_line or (not touching and random.random() < 0.2) else ""
        changed += token.text
        end = token.end
    if not read(changed)[1] and same(tree(changed), tree(text)):
        assert formatted(changed + text[end:]) == text


def network(body: str) -> str:
    return f"network n {{\n{body}}}\n"


CASES = {
    "spaces": ("conv( 64,3x3 ,stride = 2 )->bn", "conv(64, 3x3, stride=2) -> bn"),
    "label": ("a :conv", "a: conv"),
    "operators": ("let x=1+2*3^-a//b", "let x = 1 + 2 * 3 ^ -a // b"),
    "not": ("let x = not(a)and b", "let x = not (a) and b"),
    "range": ("for i in 0 .. n-1 { a }", "for i in 0..n - 1 { a }"),
    "pattern": ("for i,(k,s)in xs { a }", "for i, (k, s) in xs { a }"),
    "access": ("let x = @in . channels [ 0 ] . y ( z )", "let x = @in.channels[0].y(z)"),
    "a size before a dot": ("let x = 3 .y", "let x = 3 .y"),
    "repeat": ("unit(3)*(n-1)", "unit(3) * (n - 1)"),
    "input": ("input x:int64[N,H=3]where H>2", "input x: int64 [N, H = 3] where H > 2"),
    "declaration": ("param t:[1,2]=zeros", "param t: [1, 2] = zeros"),
    "brackets that are not needed": ("let x = ((1) + 2)", "let x = ((1) + 2)"),
    "comma behind the last": ("f(a, b,)", "f(a, b)"),
    "semicolons": ("a;b ; c", "a\nb\nc"),
    "braces on a line": ("g: {a;b}", "g: { a; b }"),
    "empty braces": ("g: {\n\n}", "g: { }"),
    "else": ("if a {\nb\n}\nelse {\nc\n}", "if a {\n    b\n} else {\n    c\n}"),
    "new line before an arrow": ("a -> b ->\nc", "a -> b\n    -> c"),
    "new line behind an operator": ("let x = 1 +\n2", "let x = 1 + 2"),
    "blank lines": ("\n\na\n\n\n\nb\n\n\n", "a\n\nb"),
    "comment behind": ("a # one\nbcd # two\n\ne # three", "a    # one\nbcd  # two\n\ne  # three"),
    "comments above and below": ("# one\n\n\n#two\na\n  # three", "# one\n\n#two\na\n# three"),
    "comment behind an arrow": ("a -> # one\nb", "a  # one\n    -> b"),
    "comment behind a comma": ("f(a, # one\nb)", "f(\n    a,  # one\n    b,\n)"),
    "comment before a comma": ("f(a # one\n, b)", "f(\n    a,  # one\n    b,\n)"),
    "rows as the author wrote them": ("let x = [\n1,2,\n3, 4]", "let x = [\n    1, 2,\n    3, 4,\n]"),
    "brackets closed again": ("f(a,\nb)", "f(a, b)"),
    "comment in braces": ("g: { # one\na }", "g: {  # one\n    a\n}"),
    "comment before else": ("if a { b } # one\nelse { c }", "if a { b }  # one\nelse { c }"),
}


@pytest.mark.parametrize(("body", "expected"), CASES.values(), ids=CASES.keys())
def test_how_it_is_written(body: str, expected: str) -> None:
    lines = [f"    {line}".rstrip() for line in expected.split("\n")]
    assert keeps_its_promises(network(f"{body}\n")) == network("\n".join(lines) + "\n")


LONG = "a_rather_long_name_of_a_step"


def test_what_does_not_fit_goes_on_several_lines() -> None:
    chain = " -> ".join(f"{LONG}({number})" for number in range(5))
    assert keeps_its_promises(f"network n {{ {chain} }}").splitlines() == [
        "network n {",
        f"    {LONG}(0) -> {LONG}(1) -> {LONG}(2)",
        f"        -> {LONG}(3) -> {LONG}(4)",
        "}",
    ]
    arguments = ", ".join(f"{LONG}_{number}=1" for number in range(5))
    assert keeps_its_promises(f"network n({arguments}) {{ a }}").splitlines() == [
        "network n(",
        *(f"    {LONG}_{number} = 1," for number in range(5)),
        ") { a }",
    ]
    listed = " ".join(f"for {LONG} in xs" for _ in range(4))
    assert keeps_its_promises(f"let x = [{LONG} {listed}]").splitlines() == [
        "let x = [",
        f"    {LONG}",
        *[f"    for {LONG} in xs"] * 4,
        "]",
    ]
    body = "; ".join(f"expect {LONG} == {number}" for number in range(4))
    assert keeps_its_promises(f"variant v = n() {{ {body} }}").splitlines() == [
        "variant v = n() {",
        *(f"    expect {LONG} == {number}" for number in range(4)),
        "}",
    ]


def test_variants_on_neighbouring_lines_are_aligned() -> None:
    text = "variant a = n() { b }\nvariant long = n(x=1) {c}\n\nvariant d = n() { e }\nvariant f = n() {\n g }\n"
    assert keeps_its_promises(text) == (
        "variant a = n()       { b }\nvariant long = n(x=1) { c }\n\n"
        "variant d = n() { e }\nvariant f = n() {\n    g\n}\n"
    )


def test_networks_and_blocks_stand_apart() -> None:
    text = "let a = 1\nlet b = 2\nblock c { d }\n# of e\nnetwork e { f }\nvariant g = e\nvariant h = e\n"
    assert keeps_its_promises(text) == (
        "let a = 1\nlet b = 2\n\nblock c { d }\n\n# of e\nnetwork e { f }\n\nvariant g = e\nvariant h = e\n"
    )


def test_line_ends_and_byte_order_mark() -> None:
    assert keeps_its_promises("\ufeffnetwork n {\r\n    a  # b\r\n}\r\n") == "network n {\n    a  # b\n}\n"


@pytest.mark.parametrize(("opening", "closing"), [("{", "}"), ("a {\n", "}\n"), ("residual {", "} shortcut { }")])
def test_as_deep_as_can_be_read(opening: str, closing: str) -> None:
    keeps_its_promises(f"network n {{\n{opening * 99}{closing * 99}}}")
    keeps_its_promises(f"let x = {'(' * 100}1{')' * 100}")
    keeps_its_promises(f"let x = {'[1,' * 100}1{']' * 100}")


def test_nothing_stays_nothing() -> None:
    assert formatted("") == ""
    assert formatted("\n\n") == ""
    assert formatted("# only a comment") == "# only a comment\n"


def test_a_file_with_mistakes_is_refused() -> None:
    diagnostics = Diagnostics()
    assert format_text(Source("net.arch", "network n { conv(64 3x3) }"), Budget(), diagnostics) is None
    assert len(diagnostics) == 1
