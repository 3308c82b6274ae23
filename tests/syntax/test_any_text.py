"""Any bytes at all give a tree or a message with a place: no other exception, nothing that a terminal would obey."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.budget import Budget
from archdsl.diagnostic import Diagnostics
from archdsl.syntax.parse import expression
from archdsl.syntax.tables import load
from tests.syntax.reading import SPECS, formatted, read, tree
from tests.syntax.trees import same
from tests.syntax.writing import grow, write

TEXTS = [path.read_text(encoding="utf-8") for path in SPECS]
WORDS = [
    *load().spellings.values(), "a", "3", "3x3", "0.5", "3x", '"t"', '"{a}"', '"', "'", "\\", "@x", '@"e{i}"', "\n",
    "\n    ", "\n        ", "shortcut", "# c\n", ";", "é", "→", "$", "\r\n", "\r", "\0", "elif", "&&", "!", "\ufeff",
]  # fmt: skip


def answers(text: str) -> None:
    file, found = read(text)
    for diagnostic in found:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
        helps = diagnostic.all_helps
        for words in (diagnostic.title, diagnostic.label, *(way.text for way in helps)):
            assert words.isprintable()
        for way in helps:
            if way.edit:
                assert 0 <= way.edit.span.start <= way.edit.span.end <= len(text)
    if not found:
        assert same(tree(formatted(text)), file)


@given(st.binary(max_size=200))
def test_bytes(data: bytes) -> None:
    answers(data.decode("utf-8", "surrogateescape"))


@settings(max_examples=200)
@given(st.text(max_size=100), st.sampled_from(["{}", '"{}"', '"{{{}}}"', "let {}", "a {} b", 'f("\\{}")']))
def test_text_where_a_name_or_string_could_be(text: str, around: str) -> None:
    answers(around.format(text))


@given(st.text(max_size=200))
def test_text(text: str) -> None:
    answers(text)


@settings(max_examples=400)
@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(["", " "])), max_size=60))
def test_words(words: list[tuple[str, str]]) -> None:
    answers("".join(word + gap for word, gap in words))


@settings(max_examples=200)
@given(
    st.sampled_from(TEXTS),
    st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from([0, 1, 1, 5, 50, 300]), st.sampled_from([*WORDS, ""])),
        min_size=1,
        max_size=10,
    ),
)
def test_damaged_specs(text: str, damage: list[tuple[float, int, str]]) -> None:
    for place, length, word in damage:
        at = int(place * len(text))
        text = text[:at] + word + text[at + length :]
    answers(text)


@settings(max_examples=200)
@given(st.integers(0, 2**32), st.sampled_from([20, 60, 200]))
def test_what_the_grammar_allows_is_read(seed: int, size: int) -> None:
    random = Random(seed)
    text = write(random, grow(random, size))
    assert {d.code for d in read(text)[1]} <= {"E0601"}


@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))
def test_expressions(text: str) -> None:
    diagnostics = Diagnostics()
    expression(text, Budget(), diagnostics, "--set x")
    assert all(d.span.source.name == "--set x" for d in diagnostics)


def test_an_expression_is_not_a_file() -> None:
    for text in ("", "1 2", "let x = 3", "a\nb", "(", "1 +"):
        diagnostics = Diagnostics()
        expression(text, Budget(), diagnostics)
        assert len(diagnostics) == 1, text
