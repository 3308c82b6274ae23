"""1x1 convolutions that make fewer maps for what stands beside them have a colour of their own, as in Szegedy et al.
2014, Figure 3; a branch that is nothing else is no reduction.
"""

from __future__ import annotations

from archdsl.draw.parts import Frame, Leaf, Part
from archdsl.ir.graph import Layer


def reductions(frame: Frame) -> None:
    for part in frame.parts:
        if isinstance(part, Leaf) and part.kind == "conv" and _reduces(part) and not _alone(frame, part):
            part.kind = "reduce"


def _reduces(part: Leaf) -> bool:
    """Whether it looks at single places, and makes fewer channels of more."""
    node = part.node
    if not isinstance(node, Layer):
        return False
    given, made = node.inputs[0].shape, node.outputs[0].shape
    if given is None or made is None or part.shape is None or not part.shape.maps:
        return False
    window = node.op.window(given)
    if window is None or window.up or set(window.extent) != {1} or set(window.stride) != {1}:
        return False
    before, after = given.dims[1].constant, made.dims[1].constant
    return before is not None and after is not None and after < before


def _alone(frame: Frame, part: Part) -> bool:
    """Whether it leads from where lines part to where they meet, on its own, or is the network's last word."""
    sources = {wire.source for wire in frame.into(part)}
    targets = [wire.target.part for wire in frame.out_of(part)]
    parts = any(len({id(w.target.part) for w in frame.wires if w.source == source}) > 1 for source in sources)
    meets = all(target is not None and len(frame.into(target)) > 1 for target in targets)
    return (parts and meets) or not targets
