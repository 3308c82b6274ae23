"""`make bench`: measures all figures and prints them as one table. Names of modules as arguments pick some.

Exit status 1 if a figure misses its goal.
"""

from __future__ import annotations

import platform
import sys
from importlib import import_module

BENCHMARKS = (
    "startup",
    "warm",
    "growth",
    "loading",
    "deep",
    "lines",
    "drawing",
    "planning",
    "plans",
    "running",
    "devices",
    "traffic",
    "scale",
)


def main(names: list[str]) -> int:
    missed = 0
    print("| figure | measured | goal | |")
    print("|---|---|---|---|")
    for name in names or BENCHMARKS:
        for row in import_module(f"benchmarks.{name}").run():
            missed += not row.holds
            print(f"| {row.figure} | {row.measured} | {row.goal} | {'yes' if row.holds else '**no**'} |", flush=True)
    import torch

    print(f"\nPython {platform.python_version()}, torch {torch.__version__}, {torch.get_num_threads()} threads.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
