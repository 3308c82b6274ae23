"""Frames of our own making, and frames taken away.

a -> b -> c -> d     ->     a -> [b -> c] -> d
"""

from __future__ import annotations

from archdsl.draw.parts import End, Fork, Frame, Part, Wire


def members(part: Part) -> list[Part]:
    """What of a part can be the end of a wire: of a fork, its branches."""
    return list(part.branches) if isinstance(part, Fork) else [part]


def sources_of(frame: Frame, parts: list[Part]) -> list[End]:
    """What some parts of a frame read from outside of them, each once."""
    inside = set(map(id, parts))
    return list(
        dict.fromkeys(
            wire.source for wire in frame.wires if id(wire.target.part) in inside and id(wire.source.part) not in inside
        )
    )


def enclose(frame: Frame, parts: list[Part], kind: str, title: str) -> Frame:
    """Put a frame around some parts of another, in the place of the first."""
    inner = Frame(parts[0].path, None, kind, parts[-1].shape, title)
    inner.region = parts[0].region
    inner.parts = list(parts)
    inner.arranged = frame.arranged
    inside = {id(member) for part in parts for member in members(part)}
    inputs: dict[End, int] = {}
    entering: dict[int, Wire] = {}
    results: dict[End, int] = {}
    outer: list[Wire] = []
    for wire in frame.wires:
        source, target = id(wire.source.part) in inside, id(wire.target.part) in inside
        if source and target:
            inner.wires.append(wire)
        elif target:
            index = inputs.setdefault(wire.source, len(inputs))
            inner.wires.append(Wire(End(None, index), wire.target, wire.shape, wire.kind, wire.text))
            if index not in entering:
                entering[index] = Wire(wire.source, End(inner, index), wire.shape, wire.kind)
                outer.append(entering[index])
            elif entering[index].kind != wire.kind:
                entering[index].kind = "flow"  # it stands for several kinds
        elif source:
            known = wire.source in results
            index = results.setdefault(wire.source, len(results))
            if not known:
                inner.wires.append(Wire(wire.source, End(None, index), wire.shape))
            outer.append(Wire(End(inner, index), wire.target, wire.shape, wire.kind, wire.text))
        else:
            outer.append(wire)
    frame.wires = outer
    inner.inputs = len(inputs)
    inner.results = len(results)
    frame.replace(parts, inner)
    return inner


def dissolve(frame: Frame, inner: Frame) -> None:
    """Put a frame's parts in its place."""
    into = {wire.target.index: wire for wire in frame.wires if wire.target.part is inner}
    made = {wire.target.index: wire for wire in inner.wires if wire.target.part is None}
    wires: list[Wire] = []
    for wire in frame.wires:
        if wire.target.part is inner:
            continue
        source = wire
        if wire.source.part is inner and wire.source.index in made:
            source = made[wire.source.index]
            if source.source.part is None and source.source.index in into:
                source = into[source.source.index]
        wires.append(Wire(source.source, wire.target, wire.shape, wire.kind, wire.text))
    for wire in inner.wires:
        if wire.target.part is None:
            continue
        if wire.source.part is None:
            if wire.source.index in into:
                outer = into[wire.source.index]
                wires.append(Wire(outer.source, wire.target, wire.shape, wire.kind, wire.text))
        else:
            wires.append(wire)
    at = frame.parts.index(inner)
    frame.parts[at : at + 1] = inner.parts
    frame.wires = wires
