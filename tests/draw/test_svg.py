"""What the SVG holds: valid XML, stable ids, nothing that runs or asks, and labels that stay text."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from archdsl.draw.drawing import Drawing
from archdsl.draw.svg import THEMES, write
from archdsl.draw.xml import identifier
from tests.draw.figures import HOSTILE, labelled, shapes

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "style", "g", "rect", "ellipse", "path", "text"}
ATTRIBUTES = {
    *("id", "class", "role", "aria-labelledby", "width", "height", "viewBox", "x", "y", "rx", "ry", "cx", "cy", "d"),
    *("fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "text-anchor"),
    "{http://www.w3.org/XML/1998/namespace}space",
}


def shown(text: str) -> str:
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", "\ufffd", text)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("label", HOSTILE)
def test_labels_stay_text(label: str, theme: str) -> None:
    drawing = labelled(label)
    root = ET.fromstring(write(drawing, theme, made_by=f"made from {label}"))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= ELEMENTS
    assert {name for element in root.iter() for name in element.attrib} <= ATTRIBUTES
    assert [element.text for element in root.iter(f"{SVG}text")] == [shown(label)] * 4
    assert [element.text for element in root.iter(f"{SVG}title")] == [shown(label)] * 4
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids)) and all(re.fullmatch(r"[\w.:%-]+", id) for id in ids)


@pytest.mark.parametrize("label", ["plain", *HOSTILE])
def test_style_is_ours(label: str) -> None:
    """Nothing of a label reaches the style sheet, and the only address in it is the font itself."""
    style = ET.fromstring(write(labelled(label))).find(f"{SVG}style")
    plain = ET.fromstring(write(labelled("plain 漢字 é"))).find(f"{SVG}style")
    assert style is not None and plain is not None and style.text and plain.text
    rules = [line for line in style.text.splitlines() if not line.startswith("@font-face")]
    assert rules == [line for line in plain.text.splitlines() if not line.startswith("@font-face")]
    assert set(re.findall(r"url\((.{10})", style.text)) == {"data:font/"}
    assert "@import" not in style.text


def test_ids_are_paths() -> None:
    root = ET.fromstring(write(shapes()))
    things = {element.attrib["id"]: element for element in root.iter(f"{SVG}g")}
    assert {"shapes", "shapes.round", "shapes.volume", "skip"} <= set(things)
    tooltip = things["shapes.round"].find(f"{SVG}title")
    assert tooltip is not None and tooltip.text == "shapes.round\n64x56x56"


def test_ids_never_meet() -> None:
    paths = ["a b", "a%20b", "a+b", "layer1.0", "title", "archdsl:title", "ä", "a\udc80"]
    assert len({identifier(path) for path in paths} | {"archdsl:title"}) == len(paths) + 1


def test_read_aloud() -> None:
    root = ET.fromstring(write(shapes()))
    described = [root.find(f".//*[@id='{id}']") for id in root.attrib["aria-labelledby"].split()]
    texts = [element.text for element in described if element is not None and element.text]
    assert root.attrib["role"] == "img"
    assert texts[0] == "every shape" and texts[1].startswith("round 3×3, 64; box 3×3, 64; +; bar")


def test_themes() -> None:
    drawing = shapes()
    light, dark, auto = (write(drawing, theme).decode() for theme in ("light", "dark", "auto"))
    assert "prefers-color-scheme" in auto and "prefers-color-scheme" not in light + dark
    assert "#17181c" in dark and "#17181c" not in light
    plain = re.sub("<style>.*</style>", "", auto, flags=re.DOTALL)
    assert plain == re.sub("<style>.*</style>", "", light, flags=re.DOTALL)  # for viewers without variables


def test_only_the_faces_that_are_used() -> None:
    def faces(drawing: Drawing) -> int:
        return write(drawing).count(b"@font-face")

    assert faces(labelled("ascii alone")) == 2  # regular, and bold for its title
    assert faces(labelled("Ωmega")) == 4


def test_size() -> None:
    """A figure is as large as it says, in points."""
    root = ET.fromstring(write(shapes()))
    assert (root.attrib["width"], root.attrib["height"], root.attrib["viewBox"]) == ("260pt", "500pt", "0 0 260 500")
