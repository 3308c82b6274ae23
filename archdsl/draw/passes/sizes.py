"""Where the size of maps changes, it is written beside the line: at the boundaries of stages.

layer1 -> layer2     ->     layer1 --256x56x56--> layer2
"""

from __future__ import annotations

from archdsl.draw.outline import stage
from archdsl.draw.parts import Frame, Leaf, Part, Sizes, Wire
from archdsl.ir.graph import Scope


def sizes(frame: Frame) -> None:
    """Write sizes on the wires between neighbours of a network, and of its groups of several kinds."""
    for part in frame.parts:
        graph = part.node.graph if isinstance(part, Frame) and isinstance(part.node, Scope) else None
        if isinstance(part, Frame) and graph is not None and graph.kind == "group" and not stage(graph):
            sizes(part)
    shown: Sizes | None = None
    leaving: dict[int, list[Wire]] = {}
    for wire in frame.wires:
        leaving.setdefault(id(wire.source.part), []).append(wire)
    for before, part in zip(frame.parts, frame.parts[1:]):
        wire = next((wire for wire in leaving.get(id(before), []) if wire.target.part is part), None)
        if wire is None or wire.shape is None or before.kind in ("input", "declared"):
            continue
        if isinstance(before, Leaf) and before.caption:
            shown = wire.shape
            continue
        if before.kind == "turn" and part.kind == "turn":
            continue
        opened = _stands_for_several(before) or _stands_for_several(part)
        new = str(wire.shape) != str(shown) if opened else shown is None or wire.shape.maps != shown.maps
        if new and wire.shape.maps:
            wire.text = str(wire.shape)
        shown = wire.shape


def _stands_for_several(part: Part) -> bool:
    return isinstance(part, Frame) or (isinstance(part, Leaf) and part.kind in ("block", "stage"))
