"""The generated pages are those of the code, and every op, error and limit is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archdsl import reference
from archdsl.budget import Limits
from archdsl.diagnostic import Error
from archdsl.ops.op import Op
from archdsl.reference import pages

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("name", ["ops.md", "initialisers.md", "errors.md", "limits.md"])
def test_committed_pages_are_fresh(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == pages.pages()[name], "run `make docs`"


def test_every_limit_says_what_it_limits() -> None:
    limits = reference.limits()
    assert [limit.name for limit in limits] == list(Limits.fields)
    assert all(limit.text.endswith(".") and limit.default > 0 for limit in limits)


def codes() -> list[type[Error]]:
    return reference.all_errors()


@pytest.mark.parametrize("error", codes(), ids=lambda error: error.code)
def test_every_error_explains_itself(error: type[Error]) -> None:
    assert re.fullmatch("[EW][0-9]{4}", error.code)
    assert error.severity == ("warning" if error.code.startswith("W") else "error")
    paragraphs = reference.documentation(error).split("\n\n")
    assert len(paragraphs) > 1, "a sentence is not an explanation"
    assert error.title, "says what is wrong"


def test_codes_stand_for_one_error_each_and_in_their_family() -> None:
    from importlib import import_module

    from archdsl import errors

    seen: dict[str, type[Error]] = {}
    for index, family in enumerate(errors.FAMILIES, 1):
        for item in vars(import_module(f"archdsl.errors.{family}")).values():
            if isinstance(item, type) and issubclass(item, Error) and item.code and item.__module__.endswith(family):
                assert seen.setdefault(item.code, item) is item, f"{item.code} stands for two errors"
                assert item.code[1:3] == f"{index:02d}", f"{item.__name__} is in the wrong family"
    assert sorted(seen) == [error.code for error in codes()]


@pytest.mark.parametrize("op", reference.all_ops(), ids=lambda op: op.name)
def test_every_op_has_a_page(op: type[Op]) -> None:
    page = reference.word_text(op)
    assert page.startswith(op.name)
    assert "Example:\n    " in page
    assert all(f"    {param.name}" in page for param in op.params)


def test_connectors_show_their_braces() -> None:
    (residual,) = [found for found in reference.all_connectors() if found.word == "residual"]
    assert reference.signature(residual) == "residual(when=true, drop=0.0) { } shortcut { }"


def test_indented_lines_become_code() -> None:
    lines = list(pages._markdown("A rule.\n\nExample:\n    conv(64)\n\n    relu\n\nMend: none\n    x\ny"))
    assert lines == [
        "A rule.", "", "Example:", "", "```arch", "conv(64)", "", "relu", "```", "", "Mend: none", "",
        "```arch", "x", "```", "", "y",
    ]  # fmt: skip
