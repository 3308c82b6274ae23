"""For people: the full form with the source, and the concise one, a line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archdsl.diagnostic import Diagnostic, Edit, Label
from archdsl.render.snippet import WIDEST, Gutter, Mark, snippet
from archdsl.render.terminal import Row, displayed, paint, printable, wrapped
from archdsl.source import Source, Span


def render_full(diagnostics: Iterable[Diagnostic], color: bool = False, width: int | None = None) -> str:
    """Every diagnostic with its source lines, notes and ways out, an empty line between them."""
    return "\n\n".join("\n".join(_full(diagnostic, color, width)) for diagnostic in diagnostics)


def render_concise(diagnostics: Iterable[Diagnostic], color: bool = False) -> str:
    """`file:line:column: error[E0301]: what is wrong`, a line each."""
    lines: list[str] = []
    for diagnostic in diagnostics:
        head = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity, color)
        lines.append(f"{place(diagnostic.span)}: {head}: {printable(diagnostic.title)}")
    return "\n".join(lines)


def place(span: Span) -> str:
    """`file:line:column`; the file alone where there is no text to count in."""
    name = printable(span.source.name)
    if not span.source.text:
        return name
    line, column = span.source.position(span.start)
    return f"{name}:{line}:{column}"


def _full(diagnostic: Diagnostic, color: bool, width: int | None) -> Iterator[str]:
    head = f"{diagnostic.severity}[{diagnostic.code}]"
    yield paint(head, diagnostic.severity, color) + paint(f": {printable(diagnostic.title)}", "strong", color)

    helps = diagnostic.all_helps
    spans = [diagnostic.span, *(label.span for label in diagnostic.labels), *(h.edit.span for h in helps if h.edit)]
    gutter = Gutter(max(span.source.position(max(span.start, span.end - 1))[0] for span in spans), color)

    yield gutter.blank("--> ") + place(diagnostic.span)
    for source, marks in _by_source(diagnostic):
        if source is not diagnostic.span.source:
            yield gutter.blank("::: ") + place(next(at.span for at in diagnostic.labels if at.span.source is source))
        if source.text:
            yield gutter.blank()
            yield from snippet(source, marks, gutter, width)

    if diagnostic.notes or helps:
        yield gutter.blank()
    for note in diagnostic.notes:
        yield from _remark("note", note, gutter, width)
    for way in helps:
        yield from _remark("help", way.text, gutter, width)
        if way.edit:
            yield from _edit(way.edit, diagnostic.span.source, gutter)


def _by_source(diagnostic: Diagnostic) -> Iterator[tuple[Source, list[Mark]]]:
    """The places grouped by file, the diagnostic's own file first."""
    places = [(Label(diagnostic.span, diagnostic.label), diagnostic.severity)]
    places += [(label, "second") for label in diagnostic.labels]
    sources = dict.fromkeys(label.span.source for label, _ in places)
    for source in sources:
        yield source, [Mark(at.span, at.text, style) for at, style in places if at.span.source is source]


def _remark(kind: str, text: str, gutter: Gutter, width: int | None) -> Iterator[str]:
    indent = gutter.width + 4 + len(kind) + 2
    lines = wrapped(text, max(20, width - indent) if width else 10**9)
    yield gutter.blank(" = ") + paint(kind, "strong", gutter.color) + f": {lines[0]}"
    for line in lines[1:]:
        yield (" " * indent + line).rstrip()


def _edit(edit: Edit, shown: Source, gutter: Gutter) -> Iterator[str]:
    """What the edit changes: an insertion within a line as that line, marked; else the lines before and after."""
    source = edit.span.source
    first, column = source.position(edit.span.start)
    last, end_column = source.position(edit.span.end)
    before = [source.line(number) for number in range(first, last + 1)]
    after = (before[0][: column - 1] + edit.text + before[-1][end_column - 1 :]).split("\n")
    if max(map(len, (*before, *after))) > WIDEST:
        return
    if source is not shown:
        yield gutter.blank("::: ") + place(edit.span)
    yield gutter.blank()
    if edit.span.start == edit.span.end and len(after) == 1:
        text, columns = displayed(after[0])
        yield f"{gutter.numbered(first)} {text}".rstrip()
        row = Row()
        at = min(column - 1, len(before[0]))  # a line's break is no part of it
        row.put(1 + columns[at], "+" * (columns[at + len(edit.text)] - columns[at]), "added")
        yield gutter.blank() + row.text(gutter.color)
        return
    while before and after and before[0] == after[0]:
        first += 1
        del before[0], after[0]
    while before and after and before[-1] == after[-1]:
        del before[-1], after[-1]
    for sign, style, lines in (("-", "removed", before), ("+", "added", after)):
        for number, line in enumerate(lines, first):
            yield gutter.numbered(number, sign, style) + paint(f" {displayed(line)[0]}".rstrip(), style, gutter.color)
