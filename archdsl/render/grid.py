"""Aligned columns for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.render.table import GAP
from archdsl.render.terminal import cells, paint


def grid(header: Sequence[str], rows: Sequence[Sequence[str]], left: int, color: bool = False) -> list[str]:
    """The lines of a table: a header, a rule, the rows. The first `left` columns are words, the others numbers."""
    widths = [max(map(cells, column)) for column in zip(header, *rows)]

    def line(row: Sequence[str]) -> str:
        parts = [
            cell + " " * (width - cells(cell)) if place < left else " " * (width - cells(cell)) + cell
            for place, (cell, width) in enumerate(zip(row, widths))
        ]
        return GAP.join(parts).rstrip()

    rule = paint("-" * (sum(widths) + len(GAP) * (len(widths) - 1)), "faint", color)
    return [paint(line(header), "strong", color), rule, *map(line, rows)]
