"""The first lines of what is generated: where it is from, on lines of a bearable length."""

from __future__ import annotations

import ast
import re

import pytest

from archdsl.compiler import check
from archdsl.emit import emit
from archdsl.emit.layout import WIDTH
from archdsl.source import Source


def header(file: str, title: str = "net") -> str:
    program = check(Source(file, f"network {title} {{ input x: [N, 3]; linear(2) }}\n")).program
    assert program is not None
    text = emit(program)
    assert max(map(len, text.splitlines())) <= WIDTH
    return ast.get_docstring(ast.parse(text)) or ""


def test_a_short_name_stands_with_its_folder_on_one_line() -> None:
    assert re.fullmatch(
        r"net, compiled by archdsl from specs/net\.arch \(sha256 \w{12}\)\. Edit the spec, not this file\.",
        header("specs/net.arch"),
    )


def test_a_long_folder_is_left_out_but_not_cut() -> None:
    assert "from googlenet.arch (" in header("a/long/way/to/the/folder/of/specs/googlenet.arch", "googlenet_2014")


@pytest.mark.parametrize(
    ("title", "file"),
    [
        ("net", "a_specification_of_a_network_with_quite_a_name.arch"),
        ("a_network_with_a_name_of_30_chars", "the_specification_of_it.arch"),
    ],
)
def test_a_name_that_takes_a_line_gets_one(title: str, file: str) -> None:
    text = header(file, title)
    assert text.startswith(f"{title[:30]}, compiled by archdsl from {file} (sha256 ")
    assert text.endswith("\n\nEdit the spec, not this file.")


def test_a_name_that_takes_more_loses_its_beginning() -> None:
    name = re.search(r"from (\S+) \(sha256", header("folder/" + "x" * 200 + "_end.arch"))
    assert name is not None
    assert re.fullmatch(r"\.\.x+_end\.arch", name[1])
