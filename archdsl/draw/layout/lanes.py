"""What a `split` divides, as its devices run it: a lane for each, with its share of every step, and what they exchange
as bold lines from lane to lane (Krizhevsky et al. 2012, Figure 2).

    conv, exchange, conv     ->     [conv ] [conv ]
                                       |  X   |
                                    [conv ] [conv ]
"""

from __future__ import annotations

from copy import copy
from math import prod
from typing import TYPE_CHECKING

from archdsl.draw import fonts
from archdsl.draw.layout import measure
from archdsl.draw.layout.boxes import PAD, TITLE, Bar, Single
from archdsl.draw.layout.placed import Border, Line, Placed, Stub
from archdsl.draw.layout.sequence import FAN, GAP, joined
from archdsl.draw.parts import End, Frame, Leaf, Sizes, Wire
from archdsl.ir.graph import Layer, Node
from archdsl.ir.shape import ITEM_SIZES, Shape
from archdsl.ir.shares import Device, Split
from archdsl.ops.uneven import Uneven
from archdsl.render.table import binary

if TYPE_CHECKING:
    from archdsl.draw.layout.build import Builder

APART = 60
"""Between lanes."""
CROSSING = 52
"""Along the axis where lines cross from lane to lane."""
TRANSFER = "exchange"
"""The role of ops that move values between devices."""


class Lanes(Placed):
    """The steps of a split, each in a row with its share of every device."""

    def __init__(self, frame: Frame, builder: Builder, wide: float) -> None:
        super().__init__(0, 0, 0)
        self.frame = frame
        self.upright = builder.upright
        self.split = split_of(frame)
        self.steps = [part for part in frame.parts if isinstance(part, Leaf) and part.kind != TRANSFER]
        self.rows = [[_share(step, self.split, i) for i in range(self.split.size)] for step in self.steps]
        room = [measure.room(leaf) for row in self.rows for leaf in row]
        own = max([width for width, _ in room] + ([wide * 0.75] if self.upright else []))
        self.breadth = own if self.upright else max(height for _, height in room)
        lane = self.breadth + 2 * PAD + (0 if self.upright else TITLE)
        apart = max([APART, *self._notes()]) if self.upright else APART
        whole = lane * self.split.size + apart * (self.split.size - 1)
        self.axes = [-whole / 2 + lane * (i + 0.5) + apart * i for i in range(self.split.size)]
        self.before = FAN + PAD + (TITLE if self.upright else 0)
        self.low, self.high = -whole / 2, whole / 2
        self._place(lane)

    def _place(self, lane: float) -> None:
        m = self.before
        starts: list[float] = []
        lengths: list[float] = []
        moved = self._moved()
        for i, row in enumerate(self.rows):
            room = [measure.room(leaf) for leaf in row]
            length = max(height if self.upright else width for width, height in room)
            m += 0 if i == 0 else CROSSING if i in moved else GAP
            starts.append(m)
            lengths.append(length)
            for leaf, c in zip(row, self.axes):
                box = Single(leaf, length, self.breadth)
                self.add(box, m, c)
            m += length
        end = m + PAD
        for i, c in enumerate(self.axes):
            name = str(Device(self.split.mesh, i))
            device = Frame((*self.frame.path, name), None, f"device{i % 4}", None, "")
            device.title = name
            start = FAN
            self.borders.append(Border(device, start, end, c - lane / 2, c + lane / 2))
        self._lines(starts, lengths, moved)
        self._gather(end, starts[-1] + lengths[-1])

    def _moved(self) -> dict[int, Leaf]:
        """The exchange before a step, by the step's number."""
        found: dict[int, Leaf] = {}
        step = 0
        for part in self.frame.parts:
            if part.kind == TRANSFER and isinstance(part, Leaf):
                found[step] = part
            else:
                step += 1
        return found

    def _lines(self, starts: list[float], lengths: list[float], moved: dict[int, Leaf]) -> None:
        for i in range(1, len(self.rows)):
            start, end = starts[i - 1] + lengths[i - 1], starts[i]
            for a, source in enumerate(self.rows[i - 1]):
                for b, target in enumerate(self.rows[i]):
                    if a == b or i in moved:
                        kind = "flow" if a == b else f"transfer{a % 4}"
                        wire = Wire(End(source, 0), End(target, 0), None, kind)
                        points = [(start, self.axes[a]), (end, self.axes[b])]
                        self.lines.append(Line(self.frame, wire, points, target))
            if i in moved:
                self._note(moved[i], start)

    def _notes(self) -> list[float]:
        """How wide the texts between the lanes are, with room beside them."""
        texts = (self._amount(exchange) for exchange in self._moved().values())
        return [fonts.width(text, measure.SMALL) + 8 for text in texts if text]

    def _amount(self, exchange: Leaf) -> str:
        """How much goes between the first two devices; "" where that isn't known."""
        shape = exchange.node.outputs[0].shape if exchange.node else None
        if shape is None or exchange.shape is None:
            return ""
        whole = prod(exchange.shape.dims)
        there, back = (binary(size * ITEM_SIZES[shape.dtype]) for size in self.split.sizes(whole)[:2])
        return f"{there} each way" if there == back else f"{there} against {back}"

    def _note(self, exchange: Leaf, m: float) -> None:
        """The amount, between the lanes, above the crossing."""
        text = self._amount(exchange)
        if not text:
            return
        line = self.lines[-1]
        middle = (self.axes[0] + self.axes[1]) / 2
        half = fonts.width(text, measure.SMALL) / 2
        # Beside a line that runs down, a text begins 5 points to its right; over one to the right it is centred.
        spot = (m + 8, middle - half - 5) if self.upright else (m - half + 4, middle + measure.SMALL)
        line.text = (*spot, text)

    def _gather(self, end: float, last: float) -> None:
        """The bar in which the shares come together, behind the lanes."""
        gathers = [part for part in self.frame.parts[-1:] if part.kind == TRANSFER and isinstance(part, Leaf)]
        leaf = gathers[0] if gathers else None
        if leaf is None:
            self.length = end
            return
        row = self.rows[-1]
        texts = [_channels(each.shape) for each in row]
        bar = Bar(leaf, [(i, c, text) for i, (c, text) in enumerate(zip(self.axes, texts))], self.upright)
        start = end + GAP
        for i, source in enumerate(row):
            wire = Wire(End(source, 0), End(leaf, 0), None, f"transfer{i % 4}")
            self.lines.append(Line(self.frame, wire, [(last, self.axes[i]), (start, self.axes[i])], leaf))
        self.add(bar, start, 0)
        self.length = start + bar.length
        self.leaf = leaf

    def lead(self, end: End) -> Stub | None:
        """Every device gets what enters: one line goes on to the first, the others part from it here."""
        for leaf, c in zip(self.rows[0][1:], self.axes[1:]):
            wire = Wire(End(None, end.index), End(leaf, 0), None)
            line = Line(self.frame, wire, [(0, 0), (self.before, c)], leaf)
            if not any(known.target is leaf and known.wire.source.part is None for known in self.lines):
                self.lines.append(line)
        return Stub(joined([(0, 0), (self.before, self.axes[0])]), self.rows[0][0])

    def tail(self, end: End) -> Stub | None:
        leaf = self.frame.parts[-1]
        return Stub([(self.length, 0)], leaf) if isinstance(leaf, Leaf) else None


def is_chain(frame: Frame) -> bool:
    """Whether the steps of a split read each other one by one, so that lanes can show them."""
    if not all(isinstance(part, Leaf) for part in frame.parts) or frame.parts[-1].kind != TRANSFER:
        return False
    steps = [part for part in frame.parts if part.kind != TRANSFER]
    before = None
    for part in frame.parts:
        if [wire.source.part for wire in frame.into(part)] != [before]:
            return False
        before = part
    return len(steps) > 1


def split_of(frame: Frame) -> Split:
    """The split whose steps a frame holds."""
    return next(part.node.place.split for part in frame.parts if part.node and part.node.place.split)


def _share(step: Leaf, split: Split, device: int) -> Leaf:
    """One device's part of a step."""
    leaf = copy(step)
    leaf.path = (*step.path, str(Device(split.mesh, device)))
    sizes = _sizes(step.node, split, device, step.shape)
    leaf.shape = sizes
    if isinstance(step.node, Layer):
        leaf.text = _text(step.node, split, device) or step.text
    if sizes is not None and step.shape is not None and sizes != step.shape:
        leaf.caption = f"{sizes}"
    elif step.shape is not None:
        leaf.caption = f"{step.shape}, whole"
    return leaf


def _sizes(node: Node | None, split: Split, device: int, shape: Sizes | None) -> Sizes | None:
    made = node.outputs[0].shape if node else None
    if shape is None or made is None or made.shares is None:
        return shape
    axis = made.shares.axis - 1
    dims = list(shape.dims)
    dims[axis] = split.sizes(dims[axis])[device]
    return Sizes(tuple(dims), shape.channels)


def _text(node: Layer, split: Split, device: int) -> str:
    """An op's label with the device's share of what it makes."""
    made = node.outputs[0].shape
    shapes: list[Shape] = [value.shape for value in node.inputs if value.shape is not None]
    if made is None or made.shares is None or len(shapes) < len(node.inputs):
        return ""
    if isinstance(node.op, Uneven):
        group = node.op.groups_in(shapes[0])[device]
        return group.op.drawn(group.x)
    op = copy(node.op)
    for axis, param in node.op.makes.items():
        if axis % made.rank == made.shares.axis:
            op.__dict__[param] = split.sizes(getattr(op, param))[device]
    groups = getattr(op, "groups", 1)
    if groups > 1 and groups % split.unit == 0:
        op.__dict__["groups"] = split.sizes(groups)[device]  # what one device sees is one of them, or several
    return op.drawn(*shapes)


def _channels(shape: Sizes | None) -> str:
    return "" if shape is None or shape.channels is None else str(shape.dims[shape.channels])
