"""Diagnostics made visible: for people (`full`, `concise`) and for machines (`json`, `github`, `sarif`).
Beside them, in `table.py`, a summary as a table.

What renders is imported when there is something to render: a clean check never pays for it.
"""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.diagnostic import Diagnostic

__all__ = ["FORMATS", "render", "render_text"]

FORMATS = ("full", "concise", "json", "github", "sarif")


def render(
    diagnostics: Iterable[Diagnostic], output_format: str = "full", *, color: bool = False, width: int | None = None
) -> str:
    """The diagnostics in one of `FORMATS`, without a line break at the end.

    `color` and `width` (in terminal columns) matter to the formats for people only.
    """
    if output_format == "full":
        return render_text(diagnostics, color, width)
    if output_format == "concise":
        from archdsl.render.text import render_concise

        return render_concise(diagnostics, color)
    from archdsl.render import machine

    return machine.RENDERERS[output_format](diagnostics)


def render_text(diagnostics: Iterable[Diagnostic], color: bool = False, width: int | None = None) -> str:
    """The full form: every diagnostic with its source lines, notes and ways out, an empty line between them."""
    from archdsl.render.text import render_full

    return render_full(diagnostics, color, width)
