"""Where a shape comes from: the chain from a number back to what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.compiler import check
from archdsl.ir.graph import Program
from archdsl.source import Source
from archdsl.why import NoSuchStep, explain

RESNET = Path(__file__).parent.parent / "specs" / "resnet.arch"


@pytest.fixture(scope="module")
def resnet50() -> Program:
    program = check(Source("resnet.arch", RESNET.read_text()), "resnet50").program
    assert program is not None
    return program


def test_channels_lead_through_the_call_to_what_is_written(resnet50: Program) -> None:
    explanation = explain(resnet50, "layer2.0.conv2")
    assert [link.text for link in explanation.calls] == ["in block bottleneck, called as layer2.0"]
    channels = explanation.axes[1]
    assert (channels.size, channels.nominal) == ("128", 128)
    assert [link.text for link in channels.links] == [
        "inner = width * widen = 128",
        "parameter width = 128",
        "64 * 2 ^ i = 128",
        "i = 1",
        "parameter widen = 1",
    ]


def test_sizes_lead_through_the_steps_that_made_them(resnet50: Program) -> None:
    height = explain(resnet50, "layer2.0.conv2").axes[2]
    assert [link.text for link in height.links] == [
        "conv makes it 28 = floor((H + 7)/8)",
        "maxpool makes it 56 = floor((H + 3)/4)",
        "conv makes it 112 = floor((H + 1)/2)",
        "free size H = 224",
    ]
    lines = RESNET.read_text().splitlines()
    assert "conv2: conv(" in lines[height.links[0].span.line - 1]  # type: ignore[union-attr]
    assert "maxpool(3x3" in lines[height.links[1].span.line - 1]  # type: ignore[union-attr]


def test_a_number_behind_a_call_leads_into_the_block(resnet50: Program) -> None:
    texts = [link.text for link in explain(resnet50, "layer3").axes[1].links]
    assert texts[:3] == ["out = width * 4 = 1024", "parameter width = 256", "64 * 2 ^ i = 256"]


def test_calls_that_share_a_body_are_walked_one_by_one() -> None:
    text = (
        "block inner { relu }\nblock outer { conv(4, 1x1); inner }\n"
        "network n { input x: [N, 4, H = 8, 8]; outer * 3; fc: conv(2, 1x1) }\n"
    )
    program = check(Source("n.arch", text)).program
    assert program is not None
    batch, _, height, _ = explain(program, "2.1").axes
    assert [link.text for link in batch.links] == ["free size N = 1"]
    assert [link.text for link in height.links] == ["free size H = 8"]


def test_an_unknown_path_names_those_that_exist(resnet50: Program) -> None:
    with pytest.raises(NoSuchStep) as caught:
        explain(resnet50, "layer2.0.conv9")
    assert "layer2.0.conv2" in caught.value.known


def test_a_declared_tensor_has_no_batch() -> None:
    text = "network n(dim = 4) {\n input x: [N, 4]\n param table: [2 * dim, dim]\n concat(@, @table, axis=0)\n}\n"
    program = check(Source("n.arch", text)).program
    assert program is not None
    axes = explain(program, "table").axes
    assert [(axis.name, axis.nominal, axis.links[0].text) for axis in axes] == [
        ("axis 0", 8, "2 * dim = 8"),
        ("axis 1", 4, "parameter dim = 4"),
    ]
