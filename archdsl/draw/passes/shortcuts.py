"""The steps of a shortcut become what is written beside its line.

x -> body -> +, x -> conv 1x1 -> bn -> +     ->     x -> body -> +, x --(1x1 conv)--> +
"""

from __future__ import annotations

from archdsl.draw.enclose import sources_of
from archdsl.draw.parts import End, Frame, Leaf, Part, Wire
from archdsl.draw.passes.absorb import minor
from archdsl.ir.graph import Layer

RESIDUAL = "residual"


def shortcuts(frame: Frame) -> None:
    """Mark what carries a value past a body, and take the steps on such a way out of the figure."""
    for part in list(frame.parts):
        if _is_sum(part):
            ways = sorted(frame.into(part), key=lambda wire: wire.target.index)
            if len(ways) == 2:
                _shorten(frame, ways[1])


def _is_sum(part: Part) -> bool:
    return isinstance(part, Leaf) and isinstance(part.node, Layer) and part.node.merges == RESIDUAL


def _shorten(frame: Frame, way: Wire) -> None:
    region = _shortcut(way.source.part)
    if region is None:
        way.kind = "skip"
        return
    steps = [part for part in frame.parts if _shortcut(part) is region]
    sources = sources_of(frame, steps)
    leaving = {id(wire.target.part) for step in steps for wire in frame.out_of(step)} - set(map(id, steps))
    if len(sources) != 1 or leaving != {id(way.target.part)}:
        return
    inside = set(map(id, steps))
    frame.parts = [part for part in frame.parts if id(part) not in inside]
    frame.wires = [
        wire for wire in frame.wires if id(wire.source.part) not in inside and id(wire.target.part) not in inside
    ]
    source = sources[0]
    frame.wires.append(Wire(End(source.part, source.index), way.target, way.shape, "project", _text(steps)))


def _shortcut(part: Part | None) -> object:
    """The shortcut that a step belongs to."""
    return part.within("shortcut") if part else None


def _text(steps: list[Part]) -> str:
    """What the steps do: layers by what they are, a block by its name where there are none."""
    shown: list[str] = []
    for step in steps:
        if isinstance(step, Leaf) and not minor(step):
            shown.append(step.text)
        elif isinstance(step, Frame):
            shown.append(step.title)
    return " - ".join(shown)
