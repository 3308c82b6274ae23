"""What the colours of boxes stand for: the role of their op, or a number of each."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.draw.drawing import Look, Paint
from archdsl.draw.facts import Facts
from archdsl.draw.palette import GREEN, INK, ORANGE, PURPLE, SKY
from archdsl.draw.parts import Fork, Frame, Leaf, Part
from archdsl.record import Record
from archdsl.render.table import decimal

MODES = ("role", "device", "cost", "params", "shape")

HEAT = ("#fff7ec", "#fee3bf", "#fdbb84", "#f4814f", "#cb2f1c", "#7f0000")
"""From nothing to the most: ever darker, so that it can be read in grey too (Brewer's OrRd)."""
COLD = ("#08306b", "#1c5fa5", "#4292c6", "#7ab6d9", "#abcfe6", "#d3e3f3", "#f2f7fc")
"""Large maps to small ones (Brewer's Blues)."""
DEVICES = (SKY, ORANGE, GREEN, PURPLE)
"""In the order of the frames around devices: `palette.py`."""
NONE = "none0"
"""Of boxes that have no such number."""


class Coloring(Record):
    """kinds: of boxes, by the identity of their leaf. legend: what each kind means, in order."""

    kinds: dict[int, str]
    looks: dict[str, Look]
    legend: tuple[tuple[str, str], ...]


def color(root: Frame, mode: str, facts: Facts) -> Coloring | None:
    """The colours of a figure; None for those of the roles."""
    leaves = [leaf for leaf in _leaves(root) if leaf.kind not in ("input", "declared", "sign", "bar", "error")]
    if mode == "cost":
        return _heat(leaves, facts.macs, "MACs")
    if mode == "params":
        return _heat(leaves, facts.params, "parameters")
    if mode == "shape":
        return _shapes(leaves)
    if mode == "device":
        return _devices(leaves)
    return None


def _leaves(root: Frame) -> list[Leaf]:
    found: list[Leaf] = []
    stack: list[Part] = [root]
    while stack:
        part = stack.pop()
        if isinstance(part, Leaf):
            found.append(part)
        elif isinstance(part, Frame):
            stack += reversed(part.parts)
        elif isinstance(part, Fork):
            stack += reversed(part.branches)
    return found


def _heat(leaves: list[Leaf], number: Callable[[Part], int], what: str) -> Coloring:
    """In equal steps up to the largest number of one box; white is none at all."""
    values = {id(leaf): number(leaf) for leaf in leaves}
    most = max(values.values(), default=0)
    steps = len(HEAT) - 1
    kinds = {key: f"heat{-(-value * steps // most) if most else 0}" for key, value in values.items()}
    legend = [("heat0", f"no {what}")]
    legend += [(f"heat{i}", f"to {decimal(most * i // steps)}") for i in range(1, steps + 1)]
    legend[-1] = (legend[-1][0], f"{legend[-1][1]} {what}")
    return Coloring(kinds, _looks("heat", HEAT), tuple(legend) if most else ())


def _shapes(leaves: list[Leaf]) -> Coloring:
    """A colour for each size of maps, the largest first; the smallest share the last."""
    sizes = {id(leaf): leaf.shape.maps for leaf in leaves if leaf.shape is not None and leaf.shape.maps}
    ordered = sorted(set(sizes.values()), reverse=True)
    rank = {size: min(i, len(COLD) - 1) for i, size in enumerate(ordered)}
    kinds = {id(leaf): f"shape{rank[sizes[id(leaf)]]}" if id(leaf) in sizes else NONE for leaf in leaves}
    legend = [(f"shape{i}", "x".join(map(str, size))) for i, size in enumerate(ordered[: len(COLD)])]
    if len(ordered) > len(COLD):
        legend[-1] = (legend[-1][0], f"{legend[-1][1]} and smaller")
    return Coloring(kinds, _looks("shape", COLD), (*legend, (NONE, "no maps")))


def _devices(leaves: list[Leaf]) -> Coloring:
    """A colour for each device; white for what runs wherever the network does."""
    devices = {id(leaf): leaf.node.place.device if leaf.node else None for leaf in leaves}
    names = {device.number: str(device) for device in devices.values() if device}
    kinds = {key: f"on{device.number % len(DEVICES)}" if device else NONE for key, device in devices.items()}
    legend = [(f"on{number % len(DEVICES)}", names[number]) for number in sorted(names)]
    return Coloring(kinds, _looks("on", DEVICES), (*legend, (NONE, "no device of its own")))


def _looks(kind: str, colors: tuple[str, ...]) -> dict[str, Look]:
    looks = {f"{kind}{i}": _look(color) for i, color in enumerate(colors)}
    return {**looks, NONE: Look(Paint("#ffffff", "#222222", INK), Paint("#2b2e35", "#d0d4da", "#e8e8e8"))}


def _look(color: str) -> Look:
    """The same on both papers; the text is black or white, whichever is told apart better."""
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    text = INK if 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.18 else "#ffffff"
    return Look(Paint(color, "#222222", text), Paint(color, "#d0d4da", text))
