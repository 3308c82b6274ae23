"""What the benchmarks share: timing, and a line of the table."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice, permutations
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

SPECS = Path(__file__).parents[1] / "specs"


class Row(NamedTuple):
    """A line of the table. `holds` says whether the figure reaches its goal."""

    figure: str
    measured: str
    goal: str
    holds: bool


def seconds(action: Callable[[], object], clock: Callable[[], float] = perf_counter) -> float:
    """One run, with the garbage of the runs before it out of the way."""
    gc.collect()
    start = clock()
    action()
    return clock() - start


def rounds(
    count: int, actions: Sequence[Callable[[], object]], clock: Callable[[], float] = perf_counter
) -> list[list[float]]:
    """Seconds of each action in each of `count` rounds.

    A round runs all of them, so that what slows the machine down slows all of them; the rounds go through every order
    in turn, so that none always runs behind the same other.
    """
    for action in actions:
        action()
    taken: list[list[float]] = [[] for _ in actions]
    for order in islice(cycle(permutations(range(len(actions)))), count):
        for i in order:
            taken[i].append(seconds(actions[i], clock))
    return taken


def least(count: int, actions: Sequence[Callable[[], object]]) -> list[float]:
    """For each action the quickest of `count` rounds, in seconds of the processor, on one thread: for what takes
    milliseconds, other work on the machine only ever adds."""
    with one_thread():
        return [min(each) for each in rounds(count, actions, process_time)]


@contextmanager
def one_thread() -> Generator[None]:
    """Have torch use one thread, so that seconds of the processor are those that pass."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def median_ratio(times: Sequence[float], others: Sequence[float]) -> float:
    """The median of the rounds' ratios."""
    return median(time / other for time, other in zip(times, others))
