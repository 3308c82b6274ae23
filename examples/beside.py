"""The losses of runs of `archdsl.run` beside one another: python examples/beside.py RUN RUN... -o FILE.png"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import curves
from matplotlib import pyplot as plt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="folders that archdsl.run wrote")
    parser.add_argument("-o", dest="out", type=Path, required=True)
    asked = parser.parse_args()
    losses = {run.name: losses_of(run) for run in asked.runs}
    first, *others = losses.values()
    figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
    for index, (name, values) in enumerate(losses.items()):
        look = {"color": curves.COLORS[index], "linestyle": curves.STYLES[index], "label": name}
        axes.plot(range(1, len(values) + 1), values, linewidth=3 - 2 * bool(index), **look)
    axes.set(xlabel="step", ylabel="training loss")
    axes.legend(frameon=False)
    curves.tidy(axes)
    figure.savefig(asked.out, dpi=120)
    for run, values in zip(asked.runs[1:], others):
        apart = [abs(a - b) / a for a, b in zip(first, values)]
        print(f"{run.name}: at most {max(apart[:100]):.1e} apart in 100 steps, {max(apart):.1e} in {len(apart)}")


def losses_of(run: Path) -> list[float]:
    with open(run / "losses.csv", newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


if __name__ == "__main__":
    main()
