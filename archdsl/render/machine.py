"""For machines: a JSON list, GitHub's workflow commands, and SARIF 2.1.0."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from archdsl.diagnostic import Diagnostic, Edit
from archdsl.render.terminal import printable
from archdsl.source import Span
from archdsl.version import VERSION


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """A list of objects. Lines and columns count from 1, columns and offsets in characters; ends are exclusive."""
    return json.dumps([_plain(diagnostic) for diagnostic in diagnostics], indent=2)


def _plain(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.title,
        "label": diagnostic.label,
        "span": _span(diagnostic.span),
        "labels": [{"span": _span(label.span), "text": label.text} for label in diagnostic.labels],
        "notes": list(diagnostic.notes),
        "helps": [
            {"text": way.text, "edit": way.edit and {"span": _span(way.edit.span), "text": way.edit.text}}
            for way in diagnostic.all_helps
        ],
    }


def _span(span: Span) -> dict[str, Any]:
    def place(offset: int) -> dict[str, int]:
        line, column = span.source.position(offset)
        return {"line": line, "column": column, "offset": offset}

    return {"file": span.source.name, "start": place(span.start), "end": place(span.end)}


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Workflow commands, a line each: GitHub shows them beside the changed lines."""
    return "\n".join(_command(diagnostic) for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    line, column = diagnostic.span.source.position(diagnostic.span.start)
    end_line, end_column = diagnostic.span.source.position(diagnostic.span.end)
    properties: dict[str, object] = {"file": diagnostic.span.source.name, "line": line, "endLine": end_line}
    if line == end_line:  # GitHub ignores columns over several lines
        properties |= {"col": column, "endColumn": end_column}
    properties["title"] = f"archdsl ({diagnostic.code})"
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    severity = "error" if diagnostic.severity == "error" else "warning"
    return f"::{severity} {given}::{_data(_told(diagnostic))}"


def _told(diagnostic: Diagnostic) -> str:
    """The whole message as plain lines."""
    lines = [diagnostic.title]
    lines += [diagnostic.label] if diagnostic.label else []
    lines += [f"note: {note}" for note in diagnostic.notes]
    lines += [f"help: {way.text}" for way in diagnostic.all_helps]
    return "\n".join("\n".join(map(printable, line.split("\n"))) for line in lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return printable(_data(text)).replace(":", "%3A").replace(",", "%2C")


def render_sarif(diagnostics: Iterable[Diagnostic]) -> str:
    """One SARIF 2.1.0 run, with the further places, the edits and the rules that were met."""
    found = list(diagnostics)
    rules = {diagnostic.code: diagnostic for diagnostic in found}
    order = {code: index for index, code in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "archdsl", "version": VERSION, "rules": [_rule(d) for d in rules.values()]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, order[diagnostic.code]) for diagnostic in found],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2)


def _rule(diagnostic: Diagnostic) -> dict[str, Any]:
    explanation = (type(diagnostic.error).__doc__ or "").strip()
    return {
        "id": diagnostic.code,
        "name": type(diagnostic.error).__name__,
        "shortDescription": {"text": explanation.split("\n\n")[0].replace("\n", " ")},
        "fullDescription": {"text": explanation},
        "defaultConfiguration": {"level": diagnostic.severity},
    }


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": _told(diagnostic)},
        "locations": [{"physicalLocation": _location(diagnostic.span)}],
    }
    if diagnostic.labels:
        result["relatedLocations"] = [
            {"physicalLocation": _location(label.span), "message": {"text": label.text}} for label in diagnostic.labels
        ]
    if fixes := [_fix(way.text, way.edit) for way in diagnostic.all_helps if way.edit]:
        result["fixes"] = fixes
    return result


def _location(span: Span) -> dict[str, Any]:
    return {"artifactLocation": {"uri": _uri(span.source.name)}, "region": _region(span)}


def _region(span: Span) -> dict[str, int]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _fix(text: str, edit: Edit) -> dict[str, Any]:
    replacement = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
    change = {"artifactLocation": {"uri": _uri(edit.span.source.name)}, "replacements": [replacement]}
    return {"description": {"text": text}, "artifactChanges": [change]}


def _uri(name: str) -> str:
    from urllib.parse import quote

    return quote(name.encode("utf-8", "surrogatepass"))


RENDERERS: dict[str, Callable[[Iterable[Diagnostic]], str]] = {
    "json": render_json,
    "github": render_github,
    "sarif": render_sarif,
}
