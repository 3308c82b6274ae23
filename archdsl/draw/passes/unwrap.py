"""A frame around one box is no help to a reader.

[conv1: [conv]] -> [relus: [relu -> relu]]     ->     conv -> relus
"""

from __future__ import annotations

from archdsl.draw import labels
from archdsl.draw.enclose import dissolve
from archdsl.draw.parts import Frame, Leaf
from archdsl.draw.passes.absorb import minor
from archdsl.ir.graph import Layer, Scope


def unwrap(frame: Frame) -> None:
    """Take the frame from a single box, and from steps of which papers would show none; then look again at what
    could be part of a box. A block keeps the frame that names it."""
    for part in list(frame.parts):
        if not isinstance(part, Frame) or part.kind not in ("group", "dense block", "turn"):
            continue
        if len(part.parts) == 1 and part.repeat == 1 and not _passes(part):
            inner = part.parts[0]
            if isinstance(inner, Leaf) and part.title and not isinstance(inner.node, Layer):
                continue
            inner.training = part.training
            if isinstance(inner, Leaf) and part.node is not None:
                inner.path = part.path
                inner.region = part.region
            elif isinstance(inner, Frame):
                inner.title = labels.both(part.title, inner.title)
                inner.region = part.region
            dissolve(frame, part)
        elif part.parts and all(isinstance(inner, Leaf) and minor(inner) for inner in part.parts):
            _close(frame, part)


def _passes(frame: Frame) -> bool:
    """Whether a value goes through a frame without a step."""
    return any(wire.source.part is None and wire.target.part is None for wire in frame.wires)


def _close(frame: Frame, inner: Frame) -> None:
    """Make a frame one box."""
    text = inner.title or (labels.what(inner.node) if isinstance(inner.node, Scope) else "")
    leaf = Leaf(inner.path, inner.node, "reshape", inner.shape, text)
    leaf.training = inner.training
    for wire in frame.wires:
        if wire.source.part is inner:
            wire.source.part = leaf
        if wire.target.part is inner:
            wire.target.part = leaf
    frame.replace([inner], leaf)
