"""The projection that is offered for a residual that doesn't fit: put in place, it mends every call of the block."""

from __future__ import annotations

import pytest

from archdsl.compiler import check
from archdsl.diagnostic import Diagnostic
from archdsl.source import Source

FREE = "[N, 16, H = 32, W = 32]"


def diagnostics(block: str, calls: str, shape: str = FREE) -> tuple[Diagnostic, ...]:
    text = f"{block}\nnetwork net {{\n    input x: {shape}\n    {calls}\n}}\n"
    return check(Source("net.arch", text)).diagnostics


@pytest.mark.parametrize(
    ("block", "calls", "projected"),
    [
        ("block unit(width) { residual { conv(width, 1x1) } }", "unit(16) -> unit(8)", "conv(width, 1x1"),
        (
            "block unit(width, stride=1) { residual { conv(width, 3x3, stride=stride, pad=1) -> bn } }",
            "unit(16) -> unit(32, stride=2) -> unit(64, stride=3)",
            "conv(width, 1x1, stride=stride",
        ),
        (
            (
                "block inner(width, stride) { conv(width, 3x3, stride=stride, pad=1) }\n"
                "block unit(n) { residual { relu -> inner(8 * (n + 1), stride=n) } }"
            ),
            "unit(1) -> unit(2)",
            "conv(8 * (n + 1), 1x1, stride=n",
        ),
        ("block unit(width) { residual { let w = width // 2; conv(w, 1x1) } }", "unit(8)", "conv(width // 2, 1x1"),
        ("block unit(ws) { residual { conv(ws[0], 1x1) } }", "unit([8])", "conv(8, 1x1"),
        ("block unit { residual { conv(24, 5x5, stride=3, pad=2) } }", "unit", "conv(24, 1x1, stride=3"),
        (
            "block unit(stride) { residual { conv(16, 1x1, stride=stride) -> maxpool(2x2, ceil=true) } }",
            "unit(2)",
            "conv(16, 1x1, stride=4",
        ),
    ],
)
def test_a_projection_mends_every_call(block: str, calls: str, projected: str) -> None:
    (said,) = diagnostics(block, calls)
    (way,) = said.helps
    assert f"downsample: {{ {projected}, bias=false) -> bn }}" in way.text
    assert way.edit is not None
    text = said.span.source.text
    mended = text[: way.edit.span.start] + way.edit.text + text[way.edit.span.end :]
    assert check(Source("net.arch", mended)).diagnostics == ()


@pytest.mark.parametrize(
    "body",
    [
        "conv(16, 3x3)",  # smaller by 2: no stride makes that of every size
        "conv(16, 1x1, stride=2) -> conv(16, 2x2)",
        "conv(16, 1x1, stride=2x1)",  # one number is the same in both directions
        "upsample(2)",
    ],
)
def test_where_none_helps_none_is_offered(body: str) -> None:
    (said,) = diagnostics(f"block unit {{ residual {{ {body} }} }}", "unit")
    assert not any("project it" in way.text for way in said.helps)
