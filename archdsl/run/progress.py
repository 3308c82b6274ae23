"""How far a run is: in a terminal a bar with the loss, elsewhere a line now and then."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import monotonic

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

EVERY = 15
"""Seconds from one line to the next."""

Told = Callable[[int, float], None]
"""What is called behind each step, with its number and loss."""


@contextmanager
def progress(title: str, done: int, steps: int) -> Generator[Told]:
    """Show on stderr a run of so many steps, some of which are done."""
    if not sys.stderr.isatty():
        yield _lines(steps)
        return
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[loss]}"))
    with Progress(*columns, TimeRemainingColumn(), transient=True) as bar:
        task = bar.add_task("", total=steps, completed=done, loss="")

        def told(step: int, loss: float) -> None:
            bar.update(task, completed=step, loss=f"loss {loss:.4f}")

        yield told


def _lines(steps: int) -> Told:
    last = monotonic()

    def told(step: int, loss: float) -> None:
        nonlocal last
        if monotonic() - last >= EVERY:
            last = monotonic()
            print(f"step {step} of {steps}: loss {loss:.4f}", file=sys.stderr, flush=True)

    return told


@contextmanager
def silence() -> Generator[Told]:
    """What the other processes show."""
    yield lambda step, loss: None
