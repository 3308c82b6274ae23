"""A figure that is laid out: every box, text and line with its place. What `dot.py` writes and tests measure.

Lengths are points (1/72 inch), x to the right and y down, from the figure's upper left corner. Boxes are given by their
centre. Every visible thing has an `id`, one of its own in the figure and the same at every run: a step's path. `kind`
names its look, a key of `Drawing.looks`.
"""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.record import Record

Point = tuple[float, float]


class Text(Record):
    """One line of text, in the shipped font. `y` is the middle of its line; `x` is where its `anchor` says."""

    text: str
    x: float
    y: float
    size: float = 10
    bold: bool = False
    anchor: str = "middle"
    """start, middle or end."""
    kind: str = "text"


class Box(Record):
    """One step, or what stands for several. All texts lie within it.

    facts: lines of its tooltip: path, shape, parameters, MACs, and the line of the spec.
    shape: "round" (a rectangle with rounded corners), "box", "circle", "bar" (of a concatenation), "port" (a field of a
           bar), "cut" (corners cut off), "plain" (no border: texts alone), "volume" (`sheets` one behind the other).
    """

    id: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    texts: tuple[Text, ...] = ()
    facts: tuple[str, ...] = ()
    shape: str = "round"
    sheets: int = 1
    """Of a volume: how many sheets are drawn; the front one has the size `width` by `height`, less what they shift."""
    shift: float = 0
    """Of a volume: how far each sheet lies up and to the right of the one before it."""

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2

    @property
    def top(self) -> float:
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height / 2


class Group(Record):
    """A frame around boxes: a scope, a section, or a device's lane. Groups nest or are apart; outer ones come first."""

    id: str
    kind: str
    """"group", "repeat" (its contents stand for several), "dense", or "device0", "device1", ..."""
    left: float
    top: float
    right: float
    bottom: float
    title: Text | None = None
    facts: tuple[str, ...] = ()


class Edge(Record):
    """A line from box to box.

    source, target: ids of boxes.
    path: control points of a chain of cubic Bezier curves: a start, then three for each curve. The last is the tip.
    kind: "flow", "skip" (the identity carries a value past steps), "project" (a skip with steps of its own: dashed),
          "training" (of what runs in training only: dotted), "transfer0", ... (from that device to another: bold).
    """

    id: str
    source: str
    target: str
    path: tuple[Point, ...]
    kind: str = "flow"
    text: Text | None = None
    facts: tuple[str, ...] = ()
    arrow: bool = True


class Paint(Record):
    """Colours as `#rrggbb`."""

    fill: str
    line: str
    text: str


class Look(Record):
    """How a kind looks, on white and on dark paper."""

    light: Paint
    dark: Paint
    style: str = "solid"
    """Of its border or line: solid, dashed, dotted or bold."""


class Drawing(Record):
    """A figure. Groups come first, then edges, then boxes, then the texts that lie on none of these."""

    title: str
    width: float
    height: float
    groups: tuple[Group, ...]
    edges: tuple[Edge, ...]
    boxes: tuple[Box, ...]
    texts: tuple[Text, ...]
    looks: Mapping[str, Look]
    """Of every kind that occurs, "paper" (the ground) among them."""
