"""Every network of `specs/` at every level: nothing in its figure that a reader would trip over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archdsl.cli.main import main
from archdsl.draw import svg
from archdsl.draw.drawing import Box, Drawing, Edge, Group, Text
from archdsl.draw.engine import render
from archdsl.draw.outline import LEVELS
from tests.draw.figures import LOOKS
from tests.draw.measuring import trips

FOLDER = Path(__file__).parents[2] / "specs"
SPECS = sorted(FOLDER.glob("*.arch"))
FORMS = [
    "alexnet:alexnet_two_devices", "densenet:densenet_plain", "lenet:lenet5_1998", "resnet:resnet34_a",
    "resnet:resnet152", "resnet_v2:resnet50_v2_shared", "unet:unet_2015", "vgg:vgg11_bn",
]  # fmt: skip
"""Forms whose wiring is another one than the file's main one."""

UNEVEN = """
mesh gpus[2]
network uneven() {
    input image: [N, 3, 8, 8]
    split(gpus, by=[3, 5]) {
        conv(16, 3x3) -> lrn
        conv(64, 3x3)
        conv(64, 3x3, groups=64)
        maxpool(2x2) -> flatten
        linear(24) -> linear(256) -> exchange -> linear(16)
    }
}
"""


@pytest.mark.parametrize("level", ["", *LEVELS])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_figures(spec: Path, level: str, tmp_path: Path) -> None:
    assert wrong(str(spec), tmp_path, *(["--level", level] if level else [])) == []


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("form", FORMS)
def test_further_forms(form: str, level: str, tmp_path: Path) -> None:
    spec, _, name = form.partition(":")
    assert wrong(f"{SPECS[0].parent / spec}.arch:{name}", tmp_path, "--level", level) == []


@pytest.mark.parametrize("options", [("--direction", "right"), ("--style", "volume")], ids=" ".join)
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_other_looks(spec: Path, options: tuple[str, ...], tmp_path: Path) -> None:
    assert wrong(str(spec), tmp_path, "--level", "stage", *options) == []


@pytest.mark.parametrize("direction", ["down", "right"])
def test_lanes(direction: str, tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    target = f"{FOLDER / 'alexnet.arch'}:alexnet_two_devices"
    assert main(["draw", target, "--direction", direction, "-o", str(path)]) == 0
    assert b"gpus[0]" in path.read_bytes()
    found = trips(path.read_bytes())
    assert (
        found == [] if direction == "down" else all(trip.startswith("a page") for trip in found)
    )  # lanes aren't broken


def test_uneven_lanes(tmp_path: Path) -> None:
    """Each lane has its own share, and the texts between say what goes each way."""
    (tmp_path / "net.arch").write_text(UNEVEN)
    path = tmp_path / "figure.svg"
    assert main(["draw", str(tmp_path / "net.arch"), "--level", "step", "-o", str(path)]) == 0
    shown = path.read_bytes()
    assert trips(shown) == []
    texts = [
        b"3x3 conv, 24<",
        b"3x3 conv, 40<",
        b"3x3 conv, 24, depthwise",
        b"3x3 conv, 40, depthwise",
        b"fc, 9<",
        b"fc, 15<",
    ]
    assert [text for text in texts if text not in shown] == []
    assert b"384 B against 640 B" in shown


@pytest.mark.parametrize("level", ["", "step"])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_graphviz_has_nothing_to_complain_of(spec: Path, level: str, tmp_path: Path) -> None:
    """It warns of texts that are too large for their boxes, by its own measure."""
    path = drawn(str(spec), tmp_path / "figure.dot", *(["--level", level] if level else []))
    said: list[str] = []
    render(path.read_text(), "plain", program="neato", warn=said.append)
    assert said == []


def wrong(target: str, folder: Path, *options: str) -> list[str]:
    """What a reader would trip over in a figure that the command draws."""
    return trips(drawn(target, folder / "figure.svg", *options).read_bytes())


def drawn(target: str, path: Path, *options: str) -> Path:
    assert main(["draw", target, *options, "-o", str(path)]) == 0
    return path


A = Box("a", "conv", 100, 50, 80, 30, (Text("conv", 100, 50),))
B = Box("b", "conv", 100, 150, 80, 30, (Text("pool", 100, 150),))
FLOW = Edge("flow", "a", "b", ((100, 65), (100, 90), (100, 110), (100, 135)))


def measured(**changes: Any) -> list[str]:
    given = {"groups": (), "edges": (FLOW,), "boxes": (A, B), "texts": (), "width": 200.0, "height": 200.0} | changes
    return trips(svg.write(Drawing("net", looks=LOOKS, **given)))


def test_nothing() -> None:
    assert measured() == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"height": 900.0}, "a page of 200 by 900 points: 1 to 4.5"),
        ({"width": 130.0}, "a lies beyond the page"),
        ({"boxes": (A, B, Box("c", "conv", 120, 170, 80, 30))}, "b and c overlap"),
        ({"boxes": (A, B, Box("c", "conv", 100, 100, 30, 10))}, "the line flow runs through c"),
        (
            {"boxes": (A, B, Box("c", "conv", 30, 100, 40, 20, (Text("a long label", 30, 100),)))},
            "c: the text 'a long label' leaves its box",
        ),
        (
            {"boxes": (A, B, Box("c", "conv", 30, 100, 40, 20, (Text("high", 30, 92),)))},
            "c: the text 'high' leaves its box",
        ),
        ({"groups": (Group("g", "group", 50, 20, 150, 160),)}, "b lies half in g"),
        (
            {"groups": (Group("g", "group", 50, 20, 150, 100), Group("h", "group", 40, 80, 160, 180))},
            "g and h cross",
        ),
        (
            {"groups": (Group("g", "group", 40, 20, 160, 180, Text("title", 150, 30, anchor="start")),)},
            "g: the text 'title' leaves its frame",
        ),
        ({"texts": (Text("64x56x56", 100, 100),)}, "the line flow strikes out the text '64x56x56'"),
        ({"texts": (Text("64x56x56", 140, 152),)}, "the text '64x56x56' lies on b"),
        (
            {"groups": (Group("g", "group", 40, 20, 160, 180),), "texts": (Text("64x56x56", 160, 90),)},
            "the text '64x56x56' lies on the border of g",
        ),
        ({"texts": (Text("here", 30, 100), Text("there", 40, 102))}, "the texts 'here' and 'there' overlap"),
    ],
)
def test_each_is_found(changes: dict[str, Any], found: str) -> None:
    assert found in measured(**changes)


def test_a_line_may_touch_its_own_boxes_alone() -> None:
    aside = Box("c", "conv", 100, 100, 60, 10)
    around = Edge("around", "a", "b", ((140, 50), (190, 50), (190, 150), (140, 150)))
    assert measured(edges=(around,), boxes=(A, B, aside)) == []
    through = Edge("through", "a", "b", ((140, 50), (0, 50), (0, 150), (140, 150)))
    assert "the line through runs through a" in measured(edges=(through,))
