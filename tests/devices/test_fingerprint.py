"""Layouts of one network have one fingerprint, and other networks have others."""

from __future__ import annotations

import pytest

from archdsl.devices.fingerprint import fingerprint
from tests.devices.networks import program

SPEC = """
mesh gpus[2]
mesh pod[4]
block unit(c) {{ conv(c, 3x3, pad=1) -> act: relu }}
network net(classes = 10) {{
    input x: [N, 4, 8, 8]
    {first} {{ unit(16) {exchange} -> deep: conv(16, 1x1) }}
    {second} {{ residual {{ conv(16, 1x1) }} -> avgpool(out=1x1) -> flatten }}
    {third} {{ head: linear(classes) -> relu -> last: linear(10) }}
}}
"""


def written(first: str, second: str, third: str, exchange: str = "") -> str:
    return SPEC.format(first=first, second=second, third=third, exchange=exchange)


SECTION = 'section("")'
ONE = written(SECTION, SECTION, SECTION)


@pytest.mark.parametrize(
    "layout",
    [
        written("stage", "stage", "stage"),
        written("on(gpus[1])", SECTION, "on(gpus[0])"),
        written("split(gpus)", "on(gpus[0])", "split(gpus)", "-> exchange").replace("relu ->", "relu -> exchange ->"),
        written("split(pod, by=[1, 1, 5, 1])", SECTION, SECTION, "-> exchange"),
        ONE.replace(" -> flatten", "    # a line of its own\n    flatten"),
    ],
)
def test_how_it_is_placed_and_written_does_not_count(layout: str) -> None:
    assert fingerprint(program(layout)) == fingerprint(program(ONE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3x3, pad=1", "1x1"),
        ("head:", "top:"),
        ("-> relu", "-> tanh"),
        ("residual", 'section("")'),
        ("last: linear(10)", "last: linear(10, freeze=true)"),
        ("unit(16)", "bn -> unit(16)"),
        (SECTION, "split(gpus)"),
    ],
    ids=lambda text: text,
)
def test_what_it_computes_counts(old: str, new: str) -> None:
    """In a split, `deep` is fed a shared-out value: it has groups."""
    assert fingerprint(program(ONE.replace(old, new, 1))) != fingerprint(program(ONE))


def test_tied_tensors_and_wiring_count() -> None:
    head = "network net {{ input x: [N, 4]; a: linear(4); b: linear(4); c: linear(4{tie}); add({one}, @) }}"
    specs = [("", "@a"), ("", "@b"), (", weight=@a.weight", "@a"), (", weight=@b.weight", "@a")]
    assert len({fingerprint(program(head.format(tie=tie, one=one))) for tie, one in specs}) == 4
