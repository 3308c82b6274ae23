"""Every step that shares evenly shares unevenly: devices of different shares compute what one device does."""

from __future__ import annotations

import pytest
import torch

import archdsl
from archdsl import ops
from archdsl.compiler import check
from archdsl.devices.error import DevicesError
from archdsl.source import Source

ARGUMENTS = {
    "affine": "2, 1",
    "alpha_dropout": "0.5",
    "avgpool": "2x2",
    "chunk": "2",
    "conv": "8, 3x3",
    "conv_transpose": "8, 2x2, stride=2",
    "cumsum": "axis=1",
    "distance": "10",
    "drop_path": "0.5",
    "dropout": "0.5",
    "glu": "axis=1",
    "groupnorm": "4",
    "linear": "16",
    "log_softmax": "axis=1",
    "lppool": "2, 2x2",
    "maxpool": "2x2",
    "pad": "1",
    "rearrange": '"n c h w -> n h w c"',
    "reduce": "1, by=mean",
    "roll": "1",
    "select": "1, 0",
    "slice": "1, 0, 4",
    "softmax": "axis=1",
    "softmin": "axis=1",
    "take": "1, [0, 2]",
    "threshold": "0.1, 0.2",
    "unbind": "1",
    "upsample": "2x2",
}
"""What a step needs; along the channels, where it has a choice."""

SPEC = """
mesh gpus[2]
network net() {{
    input x: [N, 3, 6, 6]
    split(gpus{by}) {{ conv(16, 3x3, pad=1) -> {step} }}
}}
"""


def spec(step: str, by: str) -> str:
    written = f"{step}({ARGUMENTS[step]})" if step in ARGUMENTS else step
    return SPEC.format(by=by, step=written)


@pytest.mark.parametrize("step", ops.names())
def test_steps(step: str) -> None:
    uneven = spec(step, ", by=[1, 3]")
    codes, evenly = (
        [d.code for d in check(Source("net.arch", spec(step, by))).diagnostics] for by in (", by=[1, 3]", "")
    )
    assert codes == evenly, "refused where it is refused for even shares, and for the same reason"
    if codes:
        return
    torch.manual_seed(0)
    one = archdsl.loads(uneven)
    if step == "rrelu":
        with pytest.raises(DevicesError, match="what `rrelu` draws"):
            archdsl.loads(uneven, devices=["cpu", "cpu"])
        return
    torch.manual_seed(0)
    two = archdsl.loads(uneven, devices=["cpu", "cpu"])
    x = torch.randn(4, 3, 6, 6)
    results: list[torch.Tensor] = []
    for module in (one, two):
        torch.manual_seed(1)
        results.append(module(x))
    torch.testing.assert_close(results[0], results[1], rtol=1e-5, atol=1e-6, equal_nan=True)
