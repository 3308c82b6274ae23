"""W1301, the lint of exchanges that move more than they need to: its figures, its edit, and where it says nothing."""

from __future__ import annotations

import pytest
import torch

from archdsl import api
from archdsl.compiler import Checked, check
from archdsl.devices.traffic import traffic
from archdsl.errors.devices import LargerExchange
from archdsl.source import Source

SPEC = """
mesh gpus[2]
block half(width) {{ conv(width, 3x3, pad=1) -> exchange; maxpool(2x2) }}
network net(deep = 2) {{
    input image: [N, 4, 16, 16]
    split(gpus) {{
        {steps}
    }}
}}
"""


def found(steps: str) -> Checked:
    checked = check(Source("net.arch", SPEC.format(steps=steps)))
    assert checked.program is not None, [d.title for d in checked.diagnostics]
    return checked


MOVED = [
    "conv(8, 3x3) -> exchange -> maxpool(2x2) -> conv(8, 3x3)",
    "conv(8, 3x3)\n exchange  # all of them\n pool: maxpool(2x2)\n conv(8, 3x3)",
    "conv(8, 3x3); exchange; relu -> bn -> avgpool(2x2); relu; conv(8, 3x3)",
    "conv(8, 3x3) -> exchange -> lrn(3, groups=2) -> maxpool(2x2) -> conv(8, 3x3)",
    "conv(8, 3x3) -> upsample(2) -> exchange -> conv(8, 3x3)",
    "conv(8, 3x3) -> upsample(2) -> relu -> exchange -> residual { conv(8, 3x3, pad=1) -> relu -> exchange }",
    "conv(8, 3x3) -> relu -> pad(1) -> exchange -> conv(8, 3x3)",
    "half(8) -> half(16)",
    "for i in 0..deep { conv(8, 3x3, pad=1) -> exchange -> maxpool(2x2) }",
    "conv(8, 3x3) -> exchange -> avgpool(out=1) -> residual { conv(8, 1x1) -> exchange }",
]


@pytest.mark.parametrize("steps", MOVED)
def test_the_edit_moves_less_and_changes_no_value(steps: str) -> None:
    before = found(steps)
    (lint,) = before.diagnostics
    assert isinstance(lint.error, LargerExchange)
    edit = lint.all_helps[-1].edit
    assert edit is not None
    text = edit.span.source.text
    after = check(Source("net.arch", text[: edit.span.start] + edit.text + text[edit.span.end :]))
    assert after.diagnostics == ()
    assert before.program is not None and after.program is not None
    saved = traffic(before.program, "N").forward.sample - traffic(after.program, "N").forward.sample
    assert saved == lint.error.here - lint.error.there > 0

    image = torch.randn(2, 4, 16, 16)
    outputs: list[torch.Tensor] = []
    for program in (before.program, after.program):
        torch.manual_seed(0)
        outputs.append(api.build(program)(image))
    assert torch.equal(*outputs)


@pytest.mark.parametrize(
    "steps",
    [
        "conv(8, 3x3) -> maxpool(2x2) -> exchange -> conv(8, 3x3)",
        "conv(8, 3x3) -> exchange -> relu -> conv(8, 3x3)",  # as many numbers on both sides
        "conv(8, 3x3) -> exchange -> lrn(3) -> maxpool(2x2) -> conv(8, 3x3)",  # it sees all maps
        "conv(8, 3x3) -> lrn(3) -> upsample(2) -> lrn(3) -> exchange -> conv(8, 3x3)",  # they see the device's own
        "conv(8, 3x3) -> exchange -> dropout(0.5) -> maxpool(2x2) -> conv(8, 3x3)",
        "conv(8, 3x3) -> exchange -> softmax(axis=1) -> maxpool(2x2) -> conv(8, 3x3)",
        "conv(8, 3x3) -> all: exchange -> pool: maxpool(2x2) -> upsample(2) -> add(@, @all)",  # two read it
        "conv(8, 3x3) -> exchange -> pool: maxpool(2x2) -> conv(8, 3x3, pad=1) -> exchange -> add(@, @pool)",
        "conv(8, 3x3) -> exchange; if deep > 1 { maxpool(2x2) }; last: conv(8, 3x3)",
        "conv(8, 3x3) -> exchange  # allow W1301: it overlaps with the pool\n maxpool(2x2) -> conv(8, 3x3)",
    ],
)
def test_nothing_is_said(steps: str) -> None:
    assert found(steps).diagnostics == ()
