"""Any text gives a network or at least one diagnostic: a short run of what `make fuzz` does until it is stopped."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.fuzz.mutate import mutate, soup
from tests.fuzz.properties import answer
from tests.test_cases import ALL

SPECS = [p for p in sorted((Path(__file__).parents[2] / "specs").glob("*.arch")) if "\nimport " not in p.read_text()]
"""Those that need no other file: what is damaged here is text alone."""

SMALL = [case.spec.text for case in ALL]


@pytest.mark.parametrize("seed", range(20))
def test_damaged_specs(seed: int) -> None:
    random = Random(seed)
    for _ in range(20):
        answer(mutate(random.choice(SMALL), random))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_damaged_networks(path: Path) -> None:
    random = Random(path.stem)
    text = path.read_text(encoding="utf-8")
    assert answer(text) == []
    for _ in range(5):
        answer(mutate(text, random))


@pytest.mark.parametrize("seed", range(5))
def test_soup(seed: int) -> None:
    random = Random(seed)
    for _ in range(20):
        assert answer(soup(random))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\ufeff",
        "\0",
        "#" * 100_000,
        "{" * 10_000,
        "(" * 10_000,
        "network n { relu" + " -> relu" * 10_000,
        "let x = " + "-" * 20_000 + "1",
        "let x = " + "not " * 20_000 + "true",
        "let x = " + "2 ^ " * 20_000 + "1",
        "let x = " + "1 + " * 20_000 + "1",
        'let x = "' + "{" * 1_000 + '"',
        "network n { " + "if true { } else " * 5_000 + "{ } }",
    ],
    ids=lambda text: text[:20].encode("unicode_escape").decode(),
)
def test_extremes(text: str) -> None:
    assert answer(text)
