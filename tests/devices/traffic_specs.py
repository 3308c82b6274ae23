"""Specs whose traffic is known: AlexNet as of 2012, and small ones that move all that there is to move."""

from __future__ import annotations

from archdsl.compiler import check
from archdsl.ir.graph import Program
from archdsl.source import Source

ALEXNET = """
mesh gpus[2]

network alexnet(classes = 1000) {
    input image: [N, 3, 227, 227]
    split(gpus) {
        conv1: conv(96, 11x11, stride=4) -> relu -> lrn(5, k=2) -> maxpool(3x3, stride=2)
        conv2: conv(256, 5x5, pad=2) -> relu -> lrn(5, k=2) -> maxpool(3x3, stride=2)
        exchange
        conv3: conv(384, 3x3, pad=1) -> relu
        conv4: conv(384, 3x3, pad=1) -> relu
        conv5: conv(256, 3x3, pad=1) -> relu -> maxpool(3x3, stride=2)
        exchange -> flatten
        fc6: linear(4096) -> relu -> dropout(0.5) -> exchange
        fc7: linear(4096) -> relu -> dropout(0.5) -> exchange
        fc8: linear(classes)
    }
}
"""

SMALL = """
network small {{
    input image: [N, 3, 9, 9]
    {before}
    split(gpus{by}) {{
        conv1: conv(16, 3x3, pad=1) -> relu -> maxpool(3x3, stride=2)
        {middle}
        exchange
        conv2: conv(8, 3x3) -> relu -> exchange -> flatten
        fc1: linear(24) -> relu -> exchange
        fc2: linear(16)
    }}
    {behind}
}}
"""


def small(devices: int = 2, by: str = "", before: str = "", middle: str = "", behind: str = "") -> Program:
    """A small network with a split; `by` as in `, by=[1, 3]`."""
    return checked(f"mesh gpus[{devices}]\n" + SMALL.format(by=by, before=before, middle=middle, behind=behind))


def checked(text: str) -> Program:
    result = check(Source("net.arch", text))
    assert result.program is not None, [diagnostic.title for diagnostic in result.diagnostics]
    return result.program
