"""Receptive fields, worked out by hand and against published ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.receptive import receptive_field, show_field
from tests.cli.specs import network, program

SPECS = Path(__file__).parent.parent / "specs"


def field(*steps: str, shape: str = "[N, 3, 64, 64]") -> tuple[int, ...] | None:
    return receptive_field(program(network(*steps, shape=shape)))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["relu"], 1),
        (["conv(8, 3x3)"], 3),
        (["conv(8, 3x3)", "conv(8, 3x3)"], 5),
        (["conv(8, 3x3, stride=2)", "conv(8, 3x3)"], 7),
        (["conv(8, 3x3, dilation=4)"], 9),
        (["conv(8, 7x7, stride=2, pad=3)", "maxpool(3x3, stride=2, pad=1)"], 11),
        (["conv(8, 1x1)", "bn", "relu"], 1),
        # What comes behind a global op sees everything already.
        (["conv(8, 3x3)", "avgpool(out=1x1)", "conv(8, 1x1)"], 3),
        (["conv(8, 3x3)", "flatten", "linear(10)"], 3),
        # The largest branch counts, and the largest jump behind it.
        (["inception { conv(8, 1x1); conv(8, 5x5, pad=2) -> conv(8, 3x3, pad=1) }"], 7),
        (["residual { conv(3, 3x3, pad=1) }", "conv(8, 3x3)"], 5),
    ],
)  # fmt: skip
def test_fields(steps: list[str], expected: int) -> None:
    assert field(*steps) == (expected, expected)


def test_axes_differ() -> None:
    seen = field("conv(8, 7x1, stride=2x1)", "conv(8, 3x3)")
    assert seen == (11, 3)
    assert show_field(seen) == "11x3"
    assert show_field((427, 427)) == "427"


def test_one_and_three_axes() -> None:
    assert field("conv(8, 3)", "conv(8, 5)", shape="[N, 1, 100]") == (7,)
    assert field("conv(8, 3)", shape="[N, 1, 9, 9, 9]") == (3, 3, 3)


def test_without_maps_there_is_none() -> None:
    assert field("linear(3)", shape="[N, 8]") is None


def test_larger_maps_make_smaller_steps() -> None:
    # Behind a doubling a step is half a place: 1 + 2 / 2.
    assert field("upsample(2)", "conv(8, 3x3)") == (2, 2)


def test_a_branch_that_saw_everything_does_not_count() -> None:
    squeeze = ("a: conv(3, 3x3, pad=1)", "avgpool(out=1x1) -> sigmoid", "mul(@a, @)", "conv(3, 3x3)")
    assert field(*squeeze) == (5, 5)


def test_shared_bodies_are_composed() -> None:
    blocks = "block pair { conv(8, 3x3, pad=1, stride=2) -> conv(8, 3x3, pad=1) }\n"
    # 1 + 2 * 1 (jump 2) + 2 * 2, then from jump 2: + 2 * 2 (jump 4) + 2 * 4.
    spec = blocks + network("conv(8, 1x1)", "pair * 2", shape="[N, 8, 64, 64]")
    assert receptive_field(program(spec)) == (7 + 12,) * 2


@pytest.mark.parametrize(
    ("file", "target", "expected"),
    [("vgg", "vgg16", 212), ("resnet", "resnet18", 435), ("resnet", "resnet50", 427), ("resnet", "resnet152", 1451)],
)
def test_published_fields(file: str, target: str, expected: int) -> None:
    """As in Araujo et al. 2019, "Computing Receptive Fields of Convolutional Neural Networks"; their ResNets are v1,
    with the stride on the first 1x1 (483 for resnet50), ours v1.5."""
    assert receptive_field(program((SPECS / f"{file}.arch").read_text(), target)) == (expected, expected)
