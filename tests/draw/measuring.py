"""What a reader would trip over in a finished SVG: measured, in points.

Texts are as wide as the shipped font says, which is as wide as browsers draw them (`test_browser.py`). Lines may touch
the boxes that they begin and end at, and no others.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import NamedTuple
from xml.etree import ElementTree as ET

import numpy as np

from archdsl.draw import fonts

SVG = "{http://www.w3.org/2000/svg}"
SLACK = 0.75
"""What nobody sees: less than the thickness of a line."""

DEEP = 3.0
"""How far a line may reach into a box of its own: the width of a border, and the bow of a circle."""

WORST_RATIO = 4.0


class Area(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: Area) -> bool:
        return (
            self.left - SLACK <= other.left
            and self.top - SLACK <= other.top
            and other.right <= self.right + SLACK
            and other.bottom <= self.bottom + SLACK
        )

    def meets(self, other: Area) -> bool:
        """Whether they share more than an edge."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > SLACK and down > SLACK


class Written(NamedTuple):
    text: str
    area: Area


class Thing(NamedTuple):
    id: str
    area: Area
    front: Area
    """Of a volume: the foremost sheet."""
    texts: list[Written]


class Line(NamedTuple):
    id: str
    points: np.ndarray
    """Places along it."""
    texts: list[Written]


class Figure(NamedTuple):
    page: Area
    boxes: list[Thing]
    groups: list[Thing]
    lines: list[Line]
    texts: list[Written]
    """All of them."""


def read(svg: bytes) -> Figure:
    root = ET.fromstring(svg)
    page = Area(*map(float, root.attrib["viewBox"].split()))
    things: dict[str, list[ET.Element]] = {"box": [], "group": [], "edge": []}
    for element in root.iter(f"{SVG}g"):
        things[element.attrib["class"].split()[0]].append(element)
    boxes, groups = ([_thing(element) for element in things[role]] for role in ("box", "group"))
    lines = [Line(e.attrib["id"], _along(e.findall(f"{SVG}path")[0].attrib["d"]), _texts(e)) for e in things["edge"]]
    return Figure(page, boxes, groups, lines, [_written(text) for text in root.iter(f"{SVG}text")])


def trips(svg: bytes) -> list[str]:
    """Everything that is wrong with a figure, in words."""
    figure = read(svg)
    width, height = figure.page.right, figure.page.bottom
    ratio = max(width, height) / min(width, height)
    found = [f"a page of {width:g} by {height:g} points: 1 to {ratio:.1f}"] if ratio > WORST_RATIO else []
    found += _off_the_page(figure)
    found += [
        f"{thing.id}: the text {written.text!r} leaves its {kind}"
        for kind, all_things in (("box", figure.boxes), ("frame", figure.groups))
        for thing in all_things
        for written in thing.texts
        if not thing.area.holds(written.area)
    ]
    found += _overlaps(figure)
    found += _crossings(figure)
    return found


def _off_the_page(figure: Figure) -> list[str]:
    areas = [(thing.id, thing.area) for thing in (*figure.boxes, *figure.groups)]
    areas += [(written.text, written.area) for written in figure.texts]
    areas += [(line.id, Area(*line.points.min(0), *line.points.max(0))) for line in figure.lines]
    return [f"{name} lies beyond the page" for name, area in areas if not figure.page.holds(area)]


def _overlaps(figure: Figure) -> list[str]:
    found = [f"{a.id} and {b.id} overlap" for a, b in combinations(figure.boxes, 2) if a.area.meets(b.area)]
    found += [
        f"{a.id} and {b.id} cross"
        for a, b in combinations(figure.groups, 2)
        if a.area.meets(b.area) and not (a.area.holds(b.area) or b.area.holds(a.area))
    ]
    found += [
        f"{box.id} lies half in {group.id}"
        for box in figure.boxes
        for group in figure.groups
        if box.area.meets(group.area) and not group.area.holds(box.area)
    ]
    found += [
        f"the texts {a.text!r} and {b.text!r} overlap" for a, b in combinations(figure.texts, 2) if a.area.meets(b.area)
    ]
    found += [
        f"the text {written.text!r} lies on the border of {group.id}"
        for written in figure.texts
        for group in figure.groups
        if written.area.meets(group.area) and not group.area.holds(written.area)
    ]
    own = {id(written) for box in figure.boxes for written in box.texts}
    inside = [written for box in figure.boxes for written in box.texts]
    found += [
        f"the text {written.text!r} lies on {box.id}"
        for written in figure.texts
        if id(written) not in own and written not in inside
        for box in figure.boxes
        if written.area.meets(box.area)
    ]
    return found


def _crossings(figure: Figure) -> list[str]:
    """Lines through boxes, and through texts."""
    found: list[str] = []
    boxes = np.array([box.area for box in figure.boxes]).reshape(-1, 4)
    fronts = np.array([box.front for box in figure.boxes]).reshape(-1, 4)
    texts = np.array([written.area for written in figure.texts]).reshape(-1, 4)
    for line in figure.lines:
        ends = _inside(line.points[[0, -1]], boxes, -2 * SLACK).any(0)
        through = _inside(line.points, boxes, SLACK).any(0) & ~ends | _inside(line.points, fronts, DEEP).any(0)
        found += [f"the line {line.id} runs through {figure.boxes[i].id}" for i in np.flatnonzero(through)]
        struck = _inside(line.points, texts, SLACK).any(0)
        found += [f"the line {line.id} strikes out the text {figure.texts[i].text!r}" for i in np.flatnonzero(struck)]
    return found


def _inside(points: np.ndarray, areas: np.ndarray, by: float) -> np.ndarray:
    """Which points lie in which areas, by more than that from their border."""
    x, y = points[:, :1], points[:, 1:]
    left, top, right, bottom = areas.T
    return (x > left + by) & (x < right - by) & (y > top + by) & (y < bottom - by)


def _thing(element: ET.Element) -> Thing:
    areas = [_area(shape) for shape in element if shape.tag in (f"{SVG}rect", f"{SVG}ellipse")]
    outer = Area(*(min(area[i] for area in areas) for i in (0, 1)), *(max(area[i] for area in areas) for i in (2, 3)))
    return Thing(element.attrib["id"], outer, areas[-1], _texts(element))


def _area(shape: ET.Element) -> Area:
    at = {name: float(value) for name, value in shape.attrib.items() if name in ("x", "y", "cx", "cy", "rx", "ry")}
    if shape.tag == f"{SVG}ellipse":
        return Area(at["cx"] - at["rx"], at["cy"] - at["ry"], at["cx"] + at["rx"], at["cy"] + at["ry"])
    width, height = float(shape.attrib["width"]), float(shape.attrib["height"])
    return Area(at["x"], at["y"], at["x"] + width, at["y"] + height)


def _texts(element: ET.Element) -> list[Written]:
    return [_written(text) for text in element.iter(f"{SVG}text")]


def _written(element: ET.Element) -> Written:
    """From the top of its capitals to the baseline: what hangs below is too little to matter."""
    text, size = element.text or "", float(element.attrib["font-size"])
    width = fonts.width(text, size, "font-weight" in element.attrib)
    left = (
        float(element.attrib["x"])
        - {"start": 0, "middle": width / 2, "end": width}[element.get("text-anchor", "start")]
    )
    baseline = float(element.attrib["y"])
    return Written(text, Area(left, baseline - 0.72 * size, left + width, baseline))


def _along(path: str) -> np.ndarray:
    """Points on a chain of cubic Bezier curves, about one for each point of length."""
    numbers = np.array(re.findall(r"-?\d+(?:\.\d+)?", path), float).reshape(-1, 2)
    found: list[np.ndarray] = []
    for first in range(0, len(numbers) - 1, 3):
        a, b, c, d = numbers[first : first + 4]
        steps = 2 + int(np.abs(np.diff(numbers[first : first + 4], axis=0)).sum())
        t = np.linspace(0, 1, steps)[:, None]
        found.append((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d)
    return np.concatenate(found)
