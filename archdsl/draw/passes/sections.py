"""Frames for what the spec keeps together without a scope: sections, and the turns of a loop over layers.

conv -> pool -> conv -> conv -> pool     ->     [conv -> pool] -> [conv -> conv -> pool]
"""

from __future__ import annotations

from itertools import groupby

from archdsl.draw.enclose import dissolve, enclose
from archdsl.draw.labels import MINOR
from archdsl.draw.layout.lanes import TRANSFER, is_chain
from archdsl.draw.parts import Frame, Leaf, Part
from archdsl.ir.graph import ON, Layer

SECTION = "section"
SPLIT = "split"


def placed(frame: Frame) -> None:
    """Put a frame around the steps of each `on`, in the colour of its device."""
    for region, group in groupby(list(frame.parts), lambda part: part.within(ON)):
        parts = list(group)
        device = parts[0].node.place.device if region is not None and parts[0].node else None
        if device is not None:
            enclose(frame, parts, f"device{device.number % 4}", str(device))


def sections(frame: Frame, closed: bool = False) -> None:
    """Put a frame around the parts of each section; one box, if `closed`."""
    for region, group in groupby(list(frame.parts), _section):
        if region is None:
            continue
        parts = list(group)
        if len(parts) == len(frame.parts):
            continue
        title = str(getattr(region, "title", ""))
        inner = enclose(frame, parts, "section", title)
        if closed:
            _close(frame, inner)


def _section(part: Part) -> object:
    return part.within(SECTION)


def _close(frame: Frame, inner: Frame) -> None:
    leaf = Leaf(inner.path, inner.parts[0].node, "stage", inner.shape, inner.title)
    leaf.last = inner.parts[-1].path
    for wire in frame.wires:
        if wire.source.part is inner:
            wire.source.part = leaf
        if wire.target.part is inner:
            wire.target.part = leaf
    frame.replace([inner], leaf)


def splits(frame: Frame) -> None:
    """Put together what a `split` divides over devices, with the gathering of its result, where it can be shown in
    lanes: as a chain of boxes.
    """
    for region, group in groupby(list(frame.parts), lambda part: part.within(SPLIT)):
        if region is None:
            continue
        parts = list(group)
        behind = [wire.target.part for wire in frame.out_of(parts[-1])]
        if behind and behind[0] is not None and behind[0].kind == TRANSFER:
            parts.append(behind[0])
        if len(parts) < len(frame.parts):
            inner = enclose(frame, parts, SPLIT, "")
            if not is_chain(inner):
                dissolve(frame, inner)


def turns(frame: Frame) -> None:
    """Put a frame around each turn of a loop whose turns are layers alone, more than one."""
    runs = [(key, list(group)) for key, group in groupby(list(frame.parts), _turn)]
    loops: dict[object, list[list[Part]]] = {}
    for key, parts in runs:
        if key is not None:
            loops.setdefault(key[0], []).append(parts)
    for found in loops.values():
        several = sum(len(parts) > 1 for parts in found)
        if len(found) > 1 and several > 1 and all(map(_is_layer, (part for parts in found for part in parts))):
            for parts in found:
                if len(parts) > 1:
                    enclose(frame, parts, "turn", str(parts[0].shape or ""))


def _turn(part: Part) -> tuple[object, int] | None:
    """The outermost loop that a step of the scope stands in, and its turn."""
    turn = part.node.place.turns[0] if part.node and part.node.place.turns else None
    return (turn.loop, turn.index) if turn else None


def _is_layer(part: Part) -> bool:
    return isinstance(part.node, Layer) and (part.node.op.role not in MINOR)
