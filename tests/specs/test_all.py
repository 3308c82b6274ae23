"""What holds for every spec: no message, a header that names its source, the one way of writing."""

from __future__ import annotations

import re

import pytest

from archdsl.budget import Budget
from archdsl.diagnostic import Diagnostics
from archdsl.source import Source
from archdsl.syntax.format import format_text
from tests.specs.read import SPECS, networks

FILES = [path.name for path in sorted(SPECS.glob("*.arch"))]


@pytest.mark.parametrize("file", FILES)
def test_every_network_and_variant_checks(file: str) -> None:
    assert networks(file)


@pytest.mark.parametrize("file", FILES)
def test_header_names_a_paper_and_its_year(file: str) -> None:
    assert re.match(r"#.*\b(19|20)\d\d\b.*\"", (SPECS / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES)
def test_every_variant_promises_its_parameters(file: str) -> None:
    text = (SPECS / file).read_text(encoding="utf-8")
    variants = re.findall(r"^variant (\w+)[^{]*(?:\{([^}]*)\})?", text, re.M)
    assert [name for name, promises in variants if "expect params ==" not in promises] == []


@pytest.mark.parametrize("file", FILES)
def test_is_written_the_one_way(file: str) -> None:
    text = (SPECS / file).read_text(encoding="utf-8")
    assert format_text(Source(file, text), Budget(), Diagnostics(10)) == text
