"""What is folded in a summary, and how figures are written."""

from __future__ import annotations

import pytest

from archdsl.budget import Limits
from archdsl.render.table import binary, decimal, text_table
from archdsl.summary import summarize
from tests.cli.specs import network, program


def shown(text: str, depth: int = 9) -> list[tuple[str, str, int]]:
    return [(".".join(row.path), row.kind, row.repeat) for row in summarize(program(text), depth).rows]


UNIT = "block unit(width, act = relu) { residual { conv(width, 3x3, pad=1) -> act } }\n"


def test_equal_neighbours_are_one_row() -> None:
    assert shown(UNIT + network("unit(3) * 5")) == [
        ("0", "unit", 5),
        ("0.0", "conv", 1),
        ("0.1", "relu", 1),
        ("0", "add", 1),
    ]


def test_groups_are_folded_too() -> None:
    groups = network("for i in 0..4 { { conv(3, 3x3, pad=1) -> relu } }")
    assert shown(groups) == [("0", "group", 4), ("0.0", "conv", 1), ("0.1", "relu", 1)]


@pytest.mark.parametrize(
    "steps",
    [
        ["unit(3)", "unit(3, act=tanh)"],
        ["unit(3)", "relu", "unit(3)"],
        ["{ conv(3, 3x3, pad=1) -> relu }", "{ relu -> conv(3, 3x3, pad=1) }"],
        ["{ a: relu }", "{ b: relu }"],
        ["{ conv(6, 3x3, pad=1) }", "{ conv(6, 3x3, pad=1) }"],
        # The same steps wired another way.
        ["{ relu -> tanh -> residual { sigmoid } }", "{ relu -> residual { tanh -> sigmoid } }"],
    ],
)
def test_what_differs_is_not_folded(steps: list[str]) -> None:
    assert {repeat for _, _, repeat in shown(UNIT + network(*steps), depth=1)} == {1}


def test_the_figures_of_a_fold_are_those_of_one() -> None:
    rows = summarize(program(UNIT + network("body: unit(3) * 5")), 2).rows
    assert rows[0].cost.params == 5 * rows[1].cost.params == 5 * (3 * 3 * 9 + 3)


def test_steps_without_a_name_have_none() -> None:
    table = text_table(summarize(program(UNIT + network("unit(3)")), 2)).splitlines()
    (line,) = [line for line in table if " add " in line]
    assert line.split()[0] == "add"


def test_sizes_that_were_not_proved_to_fit_are_named() -> None:
    halves = (
        "a: maxpool(2x1)",
        "b: { @x -> maxpool(2x1, ceil=true) }",
        "both: concat(@a, @b, axis=2)",
        "add(@x, @both)",
    )
    spec = network(*halves, shape="[N, 3, H = 32, 8]")
    assert summarize(program(spec)).unproved == ()
    summary = summarize(program(spec, limits=Limits(points=1)))
    assert [span.text for span in summary.unproved] == ["add(@x, @both)"]
    assert "run-time checks  test.arch:6 (" in text_table(summary)


def test_depth_counts_levels_from_1() -> None:
    spec = UNIT + network("body: { unit(3) }")
    levels = [max(row.level for row in summarize(program(spec), depth).rows) for depth in (1, 2, 3, 9)]
    assert levels == [0, 1, 2, 2]


def test_deep_nesting_is_no_deep_recursion() -> None:
    spec = network("{ " * 60 + "relu" + " }" * 60)
    assert max(row.level for row in summarize(program(spec), 1000).rows) == 60


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0"),
        (9_999, "9999"),
        (10_000, "10.00 k"),
        (999_949, "999.9 k"),
        (999_951, "1.000 M"),
        (4_089_184_256, "4.089 G"),
        (10**15, "1.000 P"),
        (123_456 * 10**18, "1.235e23"),
    ],
)
def test_decimal_figures(number: int, written: str) -> None:
    assert decimal(number) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (3 * 2**20 // 2, "1.50 MiB"), (2**80, "1048576.00 EiB")],
)
def test_binary_figures(number: int, written: str) -> None:
    assert binary(number) == written
