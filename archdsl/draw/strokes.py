"""How thick lines are, how they are dashed, and how large an arrow is: the same in SVG and in DOT. In points."""

from __future__ import annotations

BORDER = 0.8
LINE = 0.9
BOLD_BORDER = 1.6
BOLD_LINE = 2.0

DASHES = {"dashed": "6", "dotted": "2,6"}
"""Ink and gap by turns: what Graphviz draws into PNG and PDF for a style of that name."""

ARROW = 6.0
ARROW_HALF_WIDTH = 2.1
"""Graphviz's arrow is 10 by 7 at `arrowsize=1`."""
ARROW_SIZE = ARROW / 10
