"""A dense block is drawn with a line from every layer to every later one, as in Figure 1 of Huang et al. 2016.

    x -> a -> concat(x, a) -> b -> concat(.., b)     ->     x -> a -> b -> concat, x -> b, a -> concat, x -> concat

Folded, a block of many layers is one layer, whose result is put behind its input, again and again.
"""

from __future__ import annotations

from archdsl.draw.enclose import dissolve, enclose
from archdsl.draw.parts import End, Frame, Leaf, Part, Wire
from archdsl.ir.graph import Layer, Scope

DENSE = "dense"
FRAME = "dense block"
MOST = 6
"""Layers whose lines a reader can still follow; of more, the folded form is drawn."""


def dense(frame: Frame, fold: bool) -> None:
    """Rewire the parts of a frame that a `dense` wires."""
    joints = [part for part in frame.parts if _is_joint(part)]
    if len(joints) < 2:
        return
    members = [part for part in frame.parts if part.within(DENSE)] or frame.parts
    title = f"dense block, {len(joints)} layers" + (f", k = {growth}" if (growth := _growth(frame, joints)) else "")
    inner = frame if len(members) == len(frame.parts) else enclose(frame, members, FRAME, "")
    if fold and len(joints) > MOST and len({_text(_line(inner, joint)) for joint in joints}) == 1:
        _fold(inner, joints)
    else:
        _spread(inner, joints)
    inner.kind = FRAME
    inner.title = title


def _is_joint(part: Part) -> bool:
    return isinstance(part.node, Layer) and part.node.merges == DENSE


def _added(frame: Frame, joint: Part) -> Wire:
    """What a joint puts behind all there is: the last of its operands."""
    return max(frame.into(joint), key=lambda wire: wire.target.index)


def _growth(frame: Frame, joints: list[Part]) -> int:
    """The channels that every layer adds, where all add as many; else 0."""
    shapes = [_added(frame, joint).shape for joint in joints]
    added = {shape.dims[shape.channels] if shape and shape.channels is not None else 0 for shape in shapes}
    return added.pop() if len(added) == 1 else 0


def _line(frame: Frame, joint: Part) -> Part | None:
    """The step that makes the new maps of a joint."""
    return _added(frame, joint).source.part


def _text(part: Part | None) -> str:
    """What a line does, whatever it is called."""
    if isinstance(part, Frame):
        return f"[{' '.join(map(_text, part.parts))}]"
    if isinstance(part, Leaf) and isinstance(part.node, Scope):
        return f"{part.node.graph.title} {part.shape}"
    return part.text if isinstance(part, Leaf) else ""


def _spread(frame: Frame, joints: list[Part]) -> None:
    """Let every line read all before it; the last joint takes all of them."""
    joined: dict[int, list[Wire]] = {}

    def behind(wire: Wire) -> list[Wire]:
        return joined.get(id(wire.source.part), [wire])

    for joint in joints:
        entering = sorted(frame.into(joint), key=lambda wire: wire.target.index)
        joined[id(joint)] = [each for wire in entering for each in behind(wire)]
    last = joints[-1]
    wires = [Wire(each.source, End(last, index), each.shape) for index, each in enumerate(joined.pop(id(last)))]
    inside = set(map(id, joints))
    for wire in frame.wires:
        if id(wire.target.part) not in inside:
            wires += [Wire(each.source, wire.target, each.shape) for each in behind(wire)]
    frame.wires = wires
    frame.parts = [_closed(frame, part) for part in frame.parts if part is last or id(part) not in inside]


def _closed(frame: Frame, part: Part) -> Part:
    """A line of several boxes as one: papers call it H."""
    if not isinstance(part, Frame) or not all(isinstance(inner, Leaf) for inner in part.parts):
        return part
    text = " - ".join(inner.text for inner in part.parts if isinstance(inner, Leaf))
    leaf = Leaf(part.path, part.node, part.parts[-1].kind, part.shape, text)
    leaf.region = part.region
    for wire in frame.wires:
        if wire.source.part is part:
            wire.source = End(leaf, wire.source.index)
        if wire.target.part is part:
            wire.target = End(leaf, wire.target.index)
    return leaf


def _fold(frame: Frame, joints: list[Part]) -> None:
    """Keep the first line and its joint, as a repeat."""
    joint, line = joints[0], _line(frame, joints[0])
    assert line is not None
    gone = set(map(id, joints[1:])) | {id(_line(frame, each)) for each in joints[1:]}
    results = frame.out_of(joints[-1])
    for wire in results:
        wire.source = End(joint, 0)
    frame.parts = [part for part in frame.parts if id(part) not in gone]
    frame.wires = [
        wire for wire in frame.wires if id(wire.source.part) not in gone and id(wire.target.part) not in gone
    ]
    for wire in frame.into(joint):
        if wire.source.part is not line:
            wire.kind = "skip"
    members = [line, joint]
    repeat = enclose(frame, members, "repeat", "")
    repeat.repeat = len(joints)
    repeat.last = joints[-1].path
    if isinstance(line, Frame):
        dissolve(repeat, line)
