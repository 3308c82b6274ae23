"""What a reader would trip over, measured in the figure of every network of `specs/` at every level."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.api import program
from archdsl.draw.drawing import Box, Drawing, Edge, Point, Text
from archdsl.draw.figure import DIRECTIONS, Manner, figure
from archdsl.draw.fonts import width
from archdsl.draw.outline import LEVELS, View

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.arch"))
TARGETS = [
    ("alexnet", "alexnet_2012"), ("alexnet", "alexnet_torchvision"), ("densenet", "densenet121"),
    ("densenet", "densenet_plain"), ("googlenet", "googlenet"), ("gpt2", "gpt2_small"),
    ("inception_v3", "inception_v3"), ("lenet", "lenet5"), ("lenet", "lenet5_1998"),
    ("mobilenet_v3", "mobilenet_v3_large"), ("resnet", "resnet34_a"), ("resnet", "resnet152"),
    ("resnet_cifar", "resnet20"), ("resnet_v2", "resnet50_v2_shared"), ("unet", "unet"), ("unet", "unet_2015"),
    ("vgg", "vgg16"), ("vgg", "vgg11_bn"), ("vit", "vit_b_16"),
]  # fmt: skip
ROOM = 0.5
"""Points that lines may touch a box by, at its border."""


def test_every_spec_is_measured() -> None:
    assert {name for name, _ in TARGETS} == {path.stem for path in SPECS}


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("spec", "variant"), TARGETS, ids=[variant for _, variant in TARGETS])
def test_nothing_is_in_the_way(spec: str, variant: str, level: str, direction: str) -> None:
    path = next(path for path in SPECS if path.stem == spec)
    drawing = figure(program(path, variant), View(level=level, fold=level != "step"), Manner(direction=direction))
    assert problems(drawing) == []


def problems(drawing: Drawing) -> list[str]:
    """What is wrong with a figure."""
    found = [f"{text.text!r} leaves {box.id}" for box in drawing.boxes for text in box.texts if not _holds(box, text)]
    found += [f"{a.id} lies on {b.id}" for a, b in _near(drawing.boxes) if _overlap(a, b)]
    for edge in drawing.edges:
        spots = list(_spots(edge.path))
        for box in drawing.boxes:
            ends = {edge.source, edge.target}
            if box.id.rpartition(":")[0] in ends or box.id in ends:
                inside = sum(_inside(box, spot, 3) for spot in spots[3:-3])
            else:
                inside = sum(_inside(box, spot, ROOM) for spot in spots)
            if inside:
                found.append(f"{edge.id} runs through {box.id}")
    for thing in (*drawing.boxes, *drawing.groups):
        if thing.left < 0 or thing.top < 0 or thing.right > drawing.width or thing.bottom > drawing.height:
            found.append(f"{thing.id} leaves the page")
    ratio = max(drawing.width / drawing.height, drawing.height / drawing.width)
    if ratio > 4:
        found.append(f"the page is 1:{ratio:.1f}")
    ids = [thing.id for thing in (*drawing.boxes, *drawing.groups, *drawing.edges)]
    found += [f"{name!r} is the id of several" for name in set(ids) if ids.count(name) > 1]
    return found


def _holds(box: Box, text: Text) -> bool:
    half, middle = width(text.text, text.size, text.bold) / 2, text.x
    fits_across = box.left - 0.01 <= middle - half and middle + half <= box.right + 0.01
    return fits_across and box.top <= text.y - text.size / 2 and text.y + text.size / 2 <= box.bottom


def _near(boxes: tuple[Box, ...]) -> list[tuple[Box, Box]]:
    ordered = sorted(boxes, key=lambda box: box.top)
    found: list[tuple[Box, Box]] = []
    for i, box in enumerate(ordered):
        for other in ordered[i + 1 :]:
            if other.top >= box.bottom:
                break
            found.append((box, other))
    return found


def _overlap(a: Box, b: Box) -> bool:
    return min(a.right, b.right) - max(a.left, b.left) > 0.01 and min(a.bottom, b.bottom) - max(a.top, b.top) > 0.01


def _inside(box: Box, spot: Point, by: float) -> bool:
    return box.left + by < spot[0] < box.right - by and box.top + by < spot[1] < box.bottom - by


def _spots(path: tuple[Point, ...]) -> list[Point]:
    """Places along a chain of cubic curves, dense enough to meet any box."""
    found: list[Point] = []
    for i in range(0, len(path) - 1, 3):
        a, b, c, d = path[i : i + 4]
        far = abs(a[0] - d[0]) + abs(a[1] - d[1])
        steps = max(4, int(far / 4))
        for step in range(steps + 1):
            t = step / steps
            u = 1 - t
            x, y = (u**3 * a[k] + 3 * u * u * t * b[k] + 3 * u * t * t * c[k] + t**3 * d[k] for k in (0, 1))
            found.append((x, y))
    return found


def test_the_measures_see_what_is_wrong() -> None:
    box = Box("a", "conv", 50, 20, 40, 20, (Text("a text that is longer", 50, 20),))
    beside = Box("b", "conv", 60, 25, 40, 20)
    edge = Edge("e", "c", "d", ((0, 20), (40, 20), (80, 20), (120, 20)))
    found = problems(Drawing("", 500, 100, (), (edge,), (box, beside), (), {}))
    assert found == [
        "'a text that is longer' leaves a", "a lies on b", "e runs through a", "e runs through b", "the page is 1:5.0",
    ]  # fmt: skip
