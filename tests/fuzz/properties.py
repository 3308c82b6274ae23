"""What holds for any text at all, spec or not."""

from __future__ import annotations

import ast as python
import unicodedata
from time import perf_counter

from archdsl.budget import Limits
from archdsl.compiler import check_all
from archdsl.diagnostic import Diagnostic
from archdsl.emit import emit
from archdsl.render import FORMATS, render
from archdsl.source import Source

LIMITS = Limits(steps=2_000, work=200_000, items=10_000)
"""Low, so that many specs are met in little time, and limits among the mistakes."""

PATIENCE = 60
"""Seconds for one spec, on a busy machine."""


def answer(text: str) -> list[str]:
    """Check a text and hold the answer to the promises. Returns the codes of what was found."""
    start = perf_counter()
    source = Source("fuzz.arch", text)
    results = check_all(source, limits=LIMITS)
    assert results, "no answer"
    for _, checked in results:
        failed = any(d.severity == "error" for d in checked.diagnostics)
        assert failed == (checked.program is None), "a program and errors, or neither"
        for diagnostic in checked.diagnostics:
            in_place(diagnostic, source)
        for output_format in FORMATS:
            printable(render(checked.diagnostics, output_format))
        if checked.program is not None:
            python.parse(emit(checked.program))
    assert perf_counter() - start < PATIENCE, "too slow"
    return [d.code for _, checked in results for d in checked.diagnostics]


def in_place(diagnostic: Diagnostic, source: Source) -> None:
    """Every span lies in the text, and every template has the facts that it names."""
    spans = [diagnostic.span, *(label.span for label in diagnostic.labels)]
    spans += [way.edit.span for way in diagnostic.all_helps if way.edit]
    for span in spans:
        assert span.source is source
        assert 0 <= span.start <= span.end <= len(source.text)
    assert diagnostic.title
    assert "{" not in diagnostic.code


def printable(text: str) -> None:
    """Nothing that moves a terminal's cursor, colours it or turns its text around."""
    for character in text:
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs"), repr(character)
