"""Colours that all readers can tell apart, on white and on dark paper: Okabe and Ito 2008, "Color Universal Design".

Borders differ as well, so that a grey print loses nothing: see `STYLES`.
"""

from __future__ import annotations

from archdsl.draw.drawing import Look, Paint

ORANGE = "#e69f00"
SKY = "#56b4e9"
GREEN = "#009e73"
YELLOW = "#f0e442"
BLUE = "#0072b2"
VERMILLION = "#d55e00"
PURPLE = "#cc79a7"

PAPER = Paint("#ffffff", "#ffffff", "#1a1a1a")
NIGHT = Paint("#16181d", "#16181d", "#e8e8e8")
INK = "#1a1a1a"
GREY = "#555555"
PALE = "#a8adb5"


def _filled(color: str, text: str = INK, style: str = "solid") -> Look:
    """A colour that is the same on both papers, with a border that is seen on each."""
    return Look(Paint(color, "#222222", text), Paint(color, "#d0d4da", text), style)


def _plain(light: str, dark: str, style: str = "solid") -> Look:
    """A tint of the paper."""
    return Look(Paint(light, GREY, INK), Paint(dark, PALE, "#e8e8e8"), style)


def _line(light: str, dark: str, style: str = "solid") -> Look:
    return Look(Paint("none", light, light), Paint("none", dark, dark), style)


LOOKS = {
    "paper": Look(PAPER, NIGHT),
    "text": Look(PAPER, NIGHT),
    "title": Look(Paint("none", GREY, "#333333"), Paint("none", PALE, "#d0d4da")),
    "input": _plain("#ffffff", "#2b2e35"),
    "declared": _plain("#ffffff", "#2b2e35", "dashed"),
    "conv": _filled(SKY),
    "reduce": _filled(YELLOW),
    "dense": _filled(PURPLE),
    "pool": _filled(ORANGE),
    "norm": _plain("#dceefa", "#24435a", "dashed"),
    "activation": _plain("#fbf6c8", "#4a471d", "dotted"),
    "sign": _filled(YELLOW),
    "merge": _filled(GREEN, "#ffffff"),
    "bar": _filled(GREEN, "#ffffff"),
    "port": _plain("#ffffff", "#2b2e35"),
    "reshape": _plain("#eeeeee", "#3a3d44"),
    "resize": _filled(VERMILLION, "#ffffff"),
    "regularise": _plain("#ffffff", "#2b2e35", "dotted"),
    "identity": _plain("#ffffff", "#2b2e35", "dotted"),
    "attention": _filled(GREEN, "#ffffff", "bold"),
    "embedding": _filled(BLUE, "#ffffff"),
    "exchange": _plain("#d9ebf7", "#16384f", "bold"),
    "module": _plain("#f4f4f4", "#33363d", "bold"),
    "block": _plain("#e4f1fb", "#223748", "bold"),
    "stage": _plain("#e4f1fb", "#223748", "bold"),
    "unknown": _plain("#f4f4f4", "#33363d", "dashed"),
    "error": Look(Paint("#ffe5dc", VERMILLION, "#8a2f00"), Paint("#4a1f0e", "#ff8c52", "#ffd9c8"), "bold"),
    "group": Look(Paint("#f8f9fa", "#8a9099", INK), Paint("#1c1f25", "#6b7280", "#e8e8e8"), "dashed"),
    "repeat": Look(Paint("#f1f3f5", "#5f6670", INK), Paint("#22262d", "#9aa1ab", "#e8e8e8"), "dashed"),
    "section": Look(Paint("#f8f9fa", "#8a9099", INK), Paint("#1c1f25", "#6b7280", "#e8e8e8")),
    "dense block": Look(Paint("#f1f8f5", "#5f8a7c", INK), Paint("#1b2925", "#6f9a8c", "#e8e8e8")),
    "turn": Look(Paint("#f8f9fa", "#8a9099", INK), Paint("#1c1f25", "#6b7280", "#e8e8e8")),
    "flow": _line("#333333", "#c8ccd2"),
    "skip": _line("#333333", "#c8ccd2"),
    "project": _line(VERMILLION, "#ff9a5c", "dashed"),
    "training": _line("#777777", "#8d939c", "dotted"),
    "device0": Look(Paint("#e8f4fb", BLUE, BLUE), Paint("#132a38", SKY, SKY)),
    "device1": Look(Paint("#fdf0e4", VERMILLION, VERMILLION), Paint("#38210f", ORANGE, ORANGE)),
    "device2": Look(Paint("#e6f5f0", GREEN, GREEN), Paint("#0f2f26", "#3fd0a8", "#3fd0a8")),
    "device3": Look(Paint("#f9eef4", "#a0527c", "#a0527c"), Paint("#371f2c", PURPLE, PURPLE)),
    "transfer0": _line(BLUE, "#6cc0ff", "bold"),
    "transfer1": _line(VERMILLION, "#ff9a5c", "bold"),
    "transfer2": _line(GREEN, "#3fd0a8", "bold"),
    "transfer3": _line("#a0527c", PURPLE, "bold"),
}
"""By kind: a role of ops, or what a box, a frame or a line is."""
