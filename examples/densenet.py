"""DenseNet against ResNet at equal parameters: 270,418 in 22 layers, growing by 12, against 269,434 in 20 layers.

python examples/densenet.py
"""

from __future__ import annotations

import curves
from experiment import RESULTS, mean_losses, run, spec, table
from matplotlib import pyplot as plt

NETWORKS = {
    "ResNet, 20 layers": spec("resnet_cifar.arch", "resnet20"),
    "DenseNet, 22 layers, k = 12": spec("densenet.arch", "densenet_cifar", depth=22),
}


def main() -> None:
    results = run("densenet", NETWORKS, seeds=(0, 1, 2), epochs=10)
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for (name, runs), color, style in zip(results.items(), curves.COLORS, curves.STYLES):
        losses = curves.smoothed(mean_losses(runs), 0.95)
        axes.plot(losses, color=color, linestyle=style, linewidth=1.3, label=name)
    axes.set(xlabel="step", ylabel="training loss (smoothed, mean of 3 seeds)", yscale="log")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(RESULTS / "densenet.png", dpi=110)
    print(table(results))


if __name__ == "__main__":
    main()
