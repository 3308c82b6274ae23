"""How time and memory of a check grow with the number of steps, and what a step of a loop keeps of it."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator, Sequence
from math import log
from statistics import linear_regression, median

from archdsl.compiler import Checked, check
from archdsl.source import Source
from benchmarks.measure import Row, seconds

STEPS = (100, 1_000, 10_000, 100_000)
ROUNDS = 3
KILOBYTE = 1024

SPEC = """
network deep {{
    input image: [N, 8, H = 32, W = 32]
    for i in 0..{turns} {{
        conv(8, 3x3, pad=1) -> relu
    }}
}}
"""


def checked(steps: int) -> Checked:
    """A network of that many steps: two in each turn of a loop."""
    result = check(Source("deep.arch", SPEC.format(turns=steps // 2)))
    assert result.program is not None
    return result


def memory(steps: int) -> tuple[int, int]:
    """Bytes at the highest, and bytes kept while the program is."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    result = checked(steps)
    peak = tracemalloc.get_traced_memory()[1] - before
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    del result
    return peak, kept


def exponent(amounts: Sequence[float]) -> float:
    """The slope of log amount over log steps: 1 is linear."""
    return linear_regression([log(steps) for steps in STEPS], [log(amount) for amount in amounts]).slope


def run() -> Iterator[Row]:
    checked(STEPS[0])
    times = [median(seconds(lambda n=n: checked(n)) for _ in range(ROUNDS)) for n in STEPS]
    peaks, kept = zip(*(memory(n) for n in STEPS))
    for what, amounts in (("time", times), ("memory", peaks)):
        slope = exponent(amounts)
        # A fixed cost flattens the whole curve, so its steepest part is shown beside it.
        steepest = max(log(b / a) / log(m / n) for a, b, n, m in zip(amounts, amounts[1:], STEPS, STEPS[1:]))
        shown = f"{times[-1]:.2f} s" if what == "time" else f"{peaks[-1] / KILOBYTE**2:.0f} MB"
        yield Row(
            f"growth of {what}, 10^2 to 10^5 steps",
            f"exponent {slope:.2f}, at its steepest {steepest:.2f}; {shown} at 10^5",
            "at most 1.1",
            slope <= 1.1,
        )
    each = (kept[-1] - kept[-2]) / (STEPS[-1] - STEPS[-2])
    yield Row(
        "memory kept by a step unrolled from a loop",
        f"{each / KILOBYTE:.2f} KB",
        "at most 2 KB",
        each <= 2 * KILOBYTE,
    )
