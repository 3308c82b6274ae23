"""Shortcuts A, B and C in a ResNet of 20 layers.

python examples/shortcuts.py
"""

from __future__ import annotations

import curves
from experiment import RESULTS, mean_losses, run, spec, table
from matplotlib import pyplot as plt

NETWORKS = {
    "A: subsample, zero maps": spec("resnet_cifar.arch", "resnet20"),
    "B: project where the shape changes": spec("resnet_cifar.arch", "resnet20_b"),
    "C: project always": spec("resnet_cifar.arch", "resnet20_c"),
}


def main() -> None:
    results = run("shortcuts", NETWORKS, seeds=(0, 1, 2), epochs=10)
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for (name, runs), color, style in zip(results.items(), curves.COLORS, curves.STYLES):
        losses = curves.smoothed(mean_losses(runs), 0.95)
        axes.plot(losses, color=color, linestyle=style, linewidth=1.3, label=name)
    axes.set(xlabel="step", ylabel="training loss (smoothed, mean of 3 seeds)", yscale="log")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(RESULTS / "shortcuts.png", dpi=110)
    print(table(results))


if __name__ == "__main__":
    main()
