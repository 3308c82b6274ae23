"""Graphviz, run apart: DOT in, a picture or a layout out, or a word on why not.

Whatever Graphviz does, the caller's process stays well: it runs in a process and a session of its own, under a limit of
time and of memory, and opens no file but the figures' font.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from archdsl.draw.engine.run import Bounds, Outcome, run
from archdsl.draw.engine.which import RECENT, Engine, find
from archdsl.errors.figures import EngineFailed, FormatMissing, NoEngine, TooLarge

LAYOUTS = {"dot": "dot", "neato": "nop2"}
"""What to do: `dot` lays out; `neato` takes the places that are given (what the command calls `neato -n2`)."""

FORMATS = ("svg", "png", "pdf", "json", "plain")

_NO_MEMORY = re.compile("out of memory|bad_alloc|MemoryError|(cannot|could not|unable to) allocate|failed to map", re.I)
"""What Graphviz, the libraries that it uses, Python and the loader say when there is no memory left."""


class EngineProblem(Exception):
    """There is no picture; `error` is what to say."""

    def __init__(self, error: NoEngine | EngineFailed | FormatMissing | TooLarge) -> None:
        super().__init__(error)
        self.error = error

    @property
    def too_large(self) -> bool:
        """A figure of fewer boxes may go through."""
        return isinstance(self.error, TooLarge)


def render(
    dot: str,
    format: str,
    *,
    program: str = "dot",
    limits: Bounds | None = None,
    engine: Engine | None = None,
    warn: Callable[[str], None] | None = None,
) -> bytes:
    """Draw, or lay out, a graph in the DOT language.

    Args:
        dot: the graph. Its labels must have been quoted: here nothing is looked at.
        format: one of `FORMATS`.
        program: one of `LAYOUTS`.
        engine: which Graphviz; the best that there is by default.
        warn: gets what Graphviz says beside the picture, a line at a time.

    Raises:
        EngineProblem: it went over its limits, failed, can't write the format, or there is none.
    """
    if format not in FORMATS:
        raise ValueError(f"no such format: {format}")
    engine = engine or find()
    if engine is None:
        raise EngineProblem(NoEngine(".".join(map(str, RECENT))))
    limits = limits or Bounds()
    outcome = run(engine.command(LAYOUTS[program], format), dot.encode(), limits, engine.environment(dot))
    lines = _lines(outcome.said)
    if outcome.status == 0 and outcome.data:
        if warn is not None:
            for line in lines:
                warn(line)
        return outcome.data
    raise EngineProblem(_error(outcome, lines, engine, format, limits))


def _error(
    outcome: Outcome, lines: list[str], engine: Engine, format: str, limits: Bounds
) -> EngineFailed | FormatMissing | TooLarge:
    if outcome.late:
        return TooLarge(str(engine), f"{limits.seconds:g} seconds")
    said = " ".join(lines)
    if outcome.hungry or _NO_MEMORY.search(said):
        return TooLarge(str(engine), f"{limits.memory // 2**20:,} MiB of memory")
    if re.search(r'[Ff]ormat: "\S+" not recognized', said):
        return FormatMissing(str(engine), format)
    return EngineFailed(str(engine), outcome.how, lines[0][:300] if lines else "it says nothing more")


def _lines(said: bytes) -> list[str]:
    """What Graphviz has to say; fontconfig's remarks on files of the system are about something else."""
    lines = said.decode("utf-8", "replace").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("Fontconfig warning")]
