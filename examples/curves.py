"""The curves of one run, or of several side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # into a file; there may be no screen

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
"""Okabe and Ito's palette: told apart by colour-blind readers too."""

STYLES = ("-", "--", "-.", ":")


def smoothed(values: Sequence[float], keep: float = 0.9) -> list[float]:
    """An exponential mean, without the pull towards its start."""
    mean, weight, result = 0.0, 0.0, []
    for value in values:
        mean = keep * mean + (1 - keep) * value
        weight = keep * weight + (1 - keep)
        result.append(mean / weight)
    return result


def tidy(*all_axes: Axes) -> None:
    """A faint grid, and no frame where there is no scale."""
    for axes in all_axes:
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)


def draw(file: Path, losses: Mapping[str, Sequence[float]], errors: Mapping[str, Sequence[float]]) -> None:
    """Training loss per step (logarithmic, smoothed) and held-out error in per cent per epoch, by the runs' names."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for index, (name, values) in enumerate(losses.items()):
        look = {"color": COLORS[index % len(COLORS)], "linestyle": STYLES[index % len(STYLES)], "label": name}
        left.plot(smoothed(values), linewidth=1.2, **look)
        right.plot(range(1, len(errors[name]) + 1), errors[name], marker=".", **look)
    left.set(xlabel="step", ylabel="training loss (smoothed)", yscale="log")
    right.set(xlabel="epoch", ylabel="held-out error (%)")
    tidy(left, right)
    if len(losses) > 1:
        right.legend(frameon=False)
    figure.savefig(file, dpi=120)
    plt.close(figure)
