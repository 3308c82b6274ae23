"""The formats for machines, read back."""

from __future__ import annotations

import json
import re

from archdsl.diagnostic import Diagnostic
from archdsl.render import render
from archdsl.source import Source, Span
from tests.cli.made import RESIDUAL, SOURCE, Odd


def test_json_says_everything() -> None:
    (read,) = json.loads(render([RESIDUAL], "json"))
    assert read["code"] == "E0399"
    assert read["severity"] == "error"
    assert read["message"] == "residual branches do not fit: 256x56x56 + 64x56x56"
    assert read["span"]["file"] == "specs/resnet.arch"
    assert read["span"]["start"] == {"line": 3, "column": 5, "offset": SOURCE.text.index("residual")}
    assert read["span"]["end"]["column"] == 13
    assert read["labels"][0]["text"].startswith("the body has 256")
    assert read["notes"] == ["in block bottleneck, called as layer1.0 at line 25"]
    edit = read["helps"][0]["edit"]
    text = SOURCE.text
    mended = text[: edit["span"]["start"]["offset"]] + edit["text"] + text[edit["span"]["end"]["offset"] :]
    assert "} shortcut { conv(256, 1x1) }\n" in mended


def test_json_of_nothing_is_an_empty_list() -> None:
    assert json.loads(render([], "json")) == []


def unescaped(text: str) -> str:
    for char, code in (("\n", "%0A"), ("\r", "%0D"), (":", "%3A"), (",", "%2C"), ("%", "%25")):
        text = text.replace(code, char)
    return text


def test_github_commands_are_one_line_and_escaped() -> None:
    source = Source("50%,a:b\n.arch", "relu relu")
    found = Diagnostic(RESIDUAL.error, Span(source, 5, 9), notes=("two\nlines :: 100%",))
    (line,) = render([found], "github").split("\n")
    properties, message = re.fullmatch(r"::error ([^:]*)::(.*)", line).groups()  # type: ignore[union-attr]
    read = {name: unescaped(value) for name, value in (item.split("=") for item in properties.split(","))}
    # A line break in a file's name could begin another command.
    assert read["file"] == "50%,a:b\n.arch"
    assert (read["line"], read["col"], read["endLine"], read["endColumn"]) == ("1", "6", "1", "10")
    assert unescaped(message).endswith("note: two\nlines :: 100%")


def test_github_warnings_are_warnings() -> None:
    assert render([Diagnostic(Odd(), Span(SOURCE, 0, 5))], "github").startswith(
        "::warning file=specs/resnet.arch,line=1"
    )


def test_sarif_has_rules_results_places_and_fixes() -> None:
    log = json.loads(render([RESIDUAL, Diagnostic(Odd(), Span(SOURCE, 0, 5)), RESIDUAL], "sarif"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["E0399", "W0399"]
    assert rules[0]["shortDescription"]["text"] == "Branches that are added must have one shape."
    assert [result["level"] for result in run["results"]] == ["error", "warning", "error"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    first = run["results"][0]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "specs/resnet.arch"
    assert place["region"] == {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 13}
    assert run["columnKind"] == "unicodeCodePoints"
    assert first["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 7
    replacement = first["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replacement["insertedContent"]["text"] == "} shortcut { conv(256, 1x1) }\n"


def test_sarif_names_are_uris() -> None:
    log = json.loads(render([Diagnostic(Odd(), Span(Source("a b#1%.arch", "x"), 0, 1))], "sarif"))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b%231%25.arch"
