"""What papers leave out becomes part of the box beside it.

conv -> bn -> relu -> conv     ->     conv -> conv
bn -> relu -> conv             ->     conv
"""

from __future__ import annotations

from archdsl.draw.labels import MINOR
from archdsl.draw.parts import Frame, Leaf, Part, Wire


def absorb(frame: Frame) -> None:
    """Take norms, activations and the like into the box that they follow, else into the one that follows them."""
    into: dict[int, list[Wire]] = {}
    out_of: dict[int, list[Wire]] = {}
    for wire in frame.wires:
        into.setdefault(id(wire.target.part), []).append(wire)
        out_of.setdefault(id(wire.source.part), []).append(wire)
    gone: set[int] = set()
    within: set[int] = set()

    def take(part: Leaf, by: Leaf, removed: Wire) -> None:
        """Give the wires of a part to another; the wire between them goes."""
        by.with_it += [*([part.node] if part.node else []), *part.with_it]
        if removed.target.part is part:
            for wire in out_of.pop(id(part), []):
                wire.source = removed.source
                out_of.setdefault(id(by), []).append(wire)
            out_of[id(by)].remove(removed)
        else:
            for wire in into.pop(id(part), []):
                wire.target = removed.target
                into[id(by)].append(wire)
            into[id(by)].remove(removed)
        within.add(id(removed))
        gone.add(id(part))

    for part in frame.parts:
        entering = into.get(id(part), [])
        if isinstance(part, Leaf) and minor(part) and len(entering) == 1:
            before = entering[0].source.part
            if isinstance(before, Leaf) and not minor(before) and before.kind not in ("input", "declared"):
                alone = len(out_of[id(before)]) == 1 and before.training == part.training
                if alone:
                    take(part, before, entering[0])
    for part in reversed(frame.parts):
        leaving = out_of.get(id(part), [])
        if id(part) not in gone and isinstance(part, Leaf) and minor(part) and len(leaving) == 1:
            behind = leaving[0].target.part
            if len(into.get(id(part), [])) != 1:
                continue
            if isinstance(behind, Leaf) and takes_before(behind):
                take(part, behind, leaving[0])
            elif isinstance(behind, Frame) and (first := _first(behind, leaving[0].target.index)):
                first.with_it += [*([part.node] if part.node else []), *part.with_it]
                leaving[0].source = into[id(part)][0].source
                within.add(id(into[id(part)][0]))
                out_of.setdefault(id(leaving[0].source.part), []).append(leaving[0])
                out_of[id(leaving[0].source.part)].remove(into[id(part)][0])
                gone.add(id(part))
    frame.parts = [part for part in frame.parts if id(part) not in gone]
    frame.wires = [wire for wire in frame.wires if id(wire) not in within]


def minor(part: Part) -> bool:
    """Whether it stands for an op that papers leave out."""
    return part.kind in MINOR


def _first(frame: Frame, index: int) -> Leaf | None:
    """The only box in a frame that reads an input, if it can take a step that acts on that."""
    readers = [wire.target.part for wire in frame.wires if wire.source.part is None and wire.source.index == index]
    if len(readers) != 1:
        return None
    if isinstance(readers[0], Frame):
        return _first(readers[0], 0)
    return readers[0] if isinstance(readers[0], Leaf) and takes_before(readers[0]) else None


def takes_before(part: Leaf) -> bool:
    """Whether what acts on its operand can be part of it: of a sum one could not tell on which."""
    return not minor(part) and part.kind not in ("sign", "bar")
