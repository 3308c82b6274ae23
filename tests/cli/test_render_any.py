"""Whatever the text, wherever the places: something is shown, and nothing else than characters that can be seen."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.diagnostic import Diagnostic, Edit, Help, Label
from archdsl.render import render
from archdsl.render.terminal import cells, displayed, printable
from archdsl.source import Source, Span
from tests.cli.made import RESIDUAL

ALPHABET = st.sampled_from("ab {}()\t\n\r\x00\x1b\u202e\u200b\u6f22\u0301\U0001f600\ud800\x85\u2028")
TEXTS = st.text(ALPHABET, max_size=60)


@st.composite
def diagnostics(draw: st.DrawFn) -> Diagnostic:
    sources = [Source("a.arch", draw(TEXTS)), Source(draw(TEXTS), draw(TEXTS))]

    def span() -> Span:
        source = draw(st.sampled_from(sources))
        start = draw(st.integers(0, len(source.text)))
        return Span(source, start, draw(st.integers(start, len(source.text))))

    labels = tuple(Label(span(), draw(TEXTS)) for _ in range(draw(st.integers(0, 4))))
    helps = tuple(Help(draw(TEXTS), Edit(span(), draw(TEXTS))) for _ in range(draw(st.integers(0, 2))))
    return Diagnostic(RESIDUAL.error, span(), labels=labels, notes=(draw(TEXTS),), helps=helps)


@settings(max_examples=300, deadline=None)
@given(diagnostics(), st.sampled_from([None, 1, 40, 80]))
def test_any_diagnostic_is_shown(found: Diagnostic, width: int | None) -> None:
    full = render([found], "full", width=width)
    assert all(char.isprintable() or char == "\n" for char in full)
    assert RESIDUAL.title in full
    if found.span.source.text:
        assert "^" in full
    for label in found.labels:
        if label.span.source.text:
            assert printable(label.text).rstrip() in full
    assert render([found], "github").count("\n") == 0
    (read,) = json.loads(render([found], "json"))
    text = found.span.source.text
    assert text[read["span"]["start"]["offset"] : read["span"]["end"]["offset"]] == found.span.text
    json.loads(render([found], "sarif"))


@given(TEXTS)
def test_columns_are_those_of_the_shown_text(text: str) -> None:
    shown, columns = displayed(text.replace("\n", ""))
    assert shown.isprintable()
    assert columns[-1] == cells(shown)
    assert columns == sorted(columns)
