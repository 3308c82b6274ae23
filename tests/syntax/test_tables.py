"""The grammar is strictly LALR(1), and the saved tables are its own."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl.syntax.tables import GRAMMAR, SAVED, grammar, text
from tests.syntax.reading import ROOT

Changed = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def interegular(caplog: pytest.LogCaptureFixture) -> None:
    """What interegular can't compile, Lark only logs, and then finds no collision."""
    pytest.importorskip("interegular")
    for name in ("lark", "interegular"):
        caplog.set_level(logging.DEBUG, logger=name)


def test_grammar_has_no_conflict_and_no_two_terminals_collide(caplog: pytest.LogCaptureFixture) -> None:
    grammar()
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("range CMP range -> compare", "cmp CMP cmp -> compare", "conflict"),
        ("NUMBER: /[0-9]", "NUMBER: /[0-9a]", "Collision"),
    ],
)
def test_a_worse_grammar_is_refused(old: str, new: str, message: str, changed: Changed) -> None:
    changed(old, new)
    with pytest.raises(Exception, match=message):
        grammar()


def test_a_terminal_that_is_not_checked_is_logged(changed: Changed, caplog: pytest.LogCaptureFixture) -> None:
    changed("NAME: /[A-Za-z_][A-Za-z0-9_]*/", r"NAME: /[A-Za-z_][A-Za-z0-9_]*\b/")
    grammar()
    assert caplog.records


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Changed:
    """Replaces a part of the grammar."""

    def change(old: str, new: str) -> None:
        text = GRAMMAR.read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "changed.lark"
        path.write_text(text.replace(old, new), encoding="utf-8")
        monkeypatch.setattr("archdsl.syntax.tables.GRAMMAR", path)

    return change


def test_saved_tables_are_those_of_the_grammar() -> None:
    assert SAVED.read_text(encoding="utf-8") == text(), "run: python -m archdsl.syntax.tables"


def test_only_one_module_imports_lark() -> None:
    importers = {path for path in (ROOT / "archdsl").rglob("*.py") if "lark import" in path.read_text(encoding="utf-8")}
    importers |= {path for path in (ROOT / "archdsl").rglob("*.py") if "from lark." in path.read_text(encoding="utf-8")}
    assert {path.name for path in importers} == {"tables.py"}


def test_parsing_imports_neither_lark_nor_what_only_mends() -> None:
    code = """
import sys
from archdsl.budget import Budget
from archdsl.diagnostic import Diagnostics
from archdsl.source import Source
from archdsl.syntax.parse import parse
parse(Source("net.arch", "network net { input x: [N, 3]; linear(3) }"), Budget(), Diagnostics())
loaded = {"lark", "archdsl.syntax.recovery", "archdsl.syntax.unmatched", "archdsl.errors.syntax", "unicodedata"}
print(sorted(loaded & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
