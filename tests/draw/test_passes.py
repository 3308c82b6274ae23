"""What a figure shows of a spec: what is folded, opened, coloured and explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.api import program
from archdsl.compiler import check
from archdsl.draw.drawing import Drawing
from archdsl.draw.figure import PAGE, Manner, figure, fitting_level
from archdsl.draw.outline import View
from archdsl.source import Source

SPECS = Path(__file__).parents[2] / "specs"


def drawn(spec: str, view: View = View(), manner: Manner = Manner()) -> Drawing:  # noqa: B008
    """The figure of a text."""
    checked = check(Source("net.arch", spec))
    assert checked.program is not None, checked.diagnostics
    return figure(checked.program, view, manner)


def ids(drawing: Drawing) -> list[str]:
    return [box.id for box in drawing.boxes if not box.id.startswith("legend:")]


CHAIN = """
block unit(width) { residual { conv1: conv(width, 3x3, pad=1) -> relu -> conv2: conv(width, 3x3, pad=1) } -> relu }
network net {
    input x: [N, 8, 16, 16]
    body: { unit(8) * 4 }
    fc: conv(2, 1x1)
    OUTPUT
}
"""


def test_equal_neighbours_are_one_with_their_skip_inside() -> None:
    drawing = drawn(CHAIN.replace("OUTPUT", ""))
    assert [group.id for group in drawing.groups] == ["body.0..3"]
    assert [text.text for text in drawing.texts if text.kind == "title"] == ["\N{MULTIPLICATION SIGN}4"]
    assert [edge.kind for edge in drawing.edges if edge.id.startswith("in x")] == ["flow", "skip"]
    assert ids(drawing) == ["in x", "body.0.conv1", "body.0.conv2", ids(drawing)[3], "fc"]


def test_what_is_read_from_outside_stays_apart() -> None:
    """The second unit's result is an output: it is not like the others."""
    labelled = CHAIN.replace("unit(8) * 4", 'for i in 0..4 { "u{i}": unit(8) }')
    assert "body.u0..u3" in ids(drawn(labelled.replace("OUTPUT", ""), View("stage")))
    tapped = labelled.replace("OUTPUT", 'output tap: @"body.u1"\n    output last: @')
    names = [name for name in ids(drawn(tapped, View("stage"))) if "body" in name]
    assert names == ["body.u0..u1", "body.u2..u3"]


ON_EACH = """
mesh gpus[4]
network net {
    input x: [N, 8, 16, 16]
    on(gpus[3]) { conv(8, 3x3, pad=1) -> relu -> conv(8, 3x3, pad=1) -> relu }
    on(gpus[1]) { conv(8, 3x3, pad=1) -> relu }
}
"""


def test_equal_neighbours_on_two_devices_stay_apart_and_have_their_frames_colours() -> None:
    drawing = drawn(ON_EACH, manner=Manner(color_by="device"))
    titles = [(group.kind, group.title.text if group.title else "") for group in drawing.groups]
    assert titles == [("device3", "gpus[3]"), ("device1", "gpus[1]")]
    kinds = {box.id: box.kind for box in drawing.boxes}
    assert (kinds["0..2"], kinds["4"]) == ("on3", "on1")
    shown = [kind for name, kind in kinds.items() if name.startswith("legend:")]
    assert list(zip(shown, (text.text for text in drawing.texts)))[:2] == [("on1", "gpus[1]"), ("on3", "gpus[3]")]


def test_unfolded_each_is_drawn() -> None:
    drawing = drawn(CHAIN.replace("OUTPUT", ""), View("stage", fold=False))
    assert [name for name in ids(drawing) if "body" in name] == ["body.0", "body.1", "body.2", "body.3"]


def test_one_of_equals_is_opened() -> None:
    drawing = drawn(CHAIN.replace("OUTPUT", ""), View("stage", expand=(("body", "1"),)))
    assert "body.1.conv1" in ids(drawing) and "body.0" in ids(drawing) and "body.2..3" in ids(drawing)


def test_a_projection_is_a_dashed_line_with_its_layer() -> None:
    drawing = figure(program(SPECS / "resnet.arch", "resnet18"), View(focus=("layer2",)))
    lines = [edge for edge in drawing.edges if edge.kind == "project"]
    assert [line.text.text for line in lines if line.text] == ["1x1 conv, 128, /2"]
    assert drawing.looks["project"].style == "dashed"


def test_branches_end_in_fields_with_their_channels() -> None:
    drawing = figure(program(SPECS / "googlenet.arch", "googlenet"), View(focus=("inception3a",)))
    assert [box.texts[0].text for box in drawing.boxes if box.shape == "port"] == ["64", "128", "32", "32"]
    kinds = {box.texts[0].text: box.kind for box in drawing.boxes if box.texts}
    assert kinds["1x1 conv, 96"] == "reduce" and kinds["1x1 conv, 64"] == "conv"


def test_a_dense_block_reads_all_before() -> None:
    drawing = figure(program(SPECS / "densenet.arch", "densenet121"), View(focus=("features", "denseblock1")))
    into = [edge.target for edge in drawing.edges]
    layers = [box.id for box in drawing.boxes if "denselayer" in box.id]
    assert [into.count(layer) for layer in layers] == [1, 2, 3, 4, 5, 6]


def test_a_dense_block_of_many_layers_says_how_many() -> None:
    drawing = figure(program(SPECS / "densenet.arch", "densenet121"), View("stage"))
    texts = [text.text for box in drawing.boxes for text in box.texts]
    assert "dense block, 24 layers, k = 32" in texts


def test_the_hottest_is_what_costs_most() -> None:
    vgg = program(SPECS / "vgg.arch", "vgg16")
    drawing = figure(vgg, View(fold=False), Manner(color_by="params"))
    hot = [box.texts[0].text for box in drawing.boxes if box.kind == "heat5" and box.texts]
    assert hot == ["fc, 4096"]
    assert any("parameters" in text.text for text in drawing.texts)


def test_the_legend_has_the_kinds_that_are_there() -> None:
    drawing = drawn(CHAIN.replace("OUTPUT", "").replace("fc: conv(2, 1x1)", "maxpool(2x2)"))
    assert {box.kind for box in drawing.boxes if box.id.startswith("legend:")} == {"conv", "pool"}
    assert {edge.kind for edge in drawing.edges if edge.id.startswith("legend:")} == {"skip"}


def test_tooltips_say_what_a_step_is() -> None:
    drawing = figure(program(SPECS / "resnet.arch", "resnet18"), View())
    conv1 = next(box for box in drawing.boxes if box.id == "conv1")
    assert conv1.facts[:4] == (
        "conv1", "7x7 conv, 64, /2 with bn, relu", "output 64x112x112", "9,536 parameters, 118.0 M MACs",
    )  # fmt: skip
    assert "conv1: conv(64, 7x7, stride=2, pad=3, bias=false) -> bn1: bn -> relu" in conv1.facts[4]


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*.arch")), ids=lambda spec: spec.stem)
def test_every_network_fits_a_page(spec: Path) -> None:
    checked = program(spec)
    drawing = figure(checked, View(fitting_level(checked, View())))
    assert drawing.width <= PAGE[0] and drawing.height <= PAGE[1]
