"""Plain and residual networks of 20 and 56 layers: training loss per step, and gradients per depth.

python examples/degradation.py
"""

from __future__ import annotations

import curves
from experiment import RESULTS, draw_losses, run, spec, table
from matplotlib import pyplot as plt

NETWORKS = {
    "plain, 20 layers": spec("resnet_cifar.arch", "plain20"),
    "plain, 56 layers": spec("resnet_cifar.arch", "plain56"),
    "residual, 20 layers": spec("resnet_cifar.arch", "resnet20"),
    "residual, 56 layers": spec("resnet_cifar.arch", "resnet56"),
}

LOOKS = dict(zip(NETWORKS, [("#D55E00", "--"), ("#D55E00", "-"), ("#0072B2", "--"), ("#0072B2", "-")]))


def main() -> None:
    results = run("degradation", NETWORKS, seeds=(0, 1, 2), epochs=10)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for name, runs in results.items():
        color, style = LOOKS[name]
        draw_losses(left, name, runs, color, style)
        layers = list(zip(*(run.gradients for run in runs)))
        depth = [i / (len(layers) - 1) for i in range(len(layers))]
        mean = [sum(layer) / len(layer) for layer in layers]
        right.plot(depth, mean, color=color, linestyle=style, marker=".", markersize=3, linewidth=1)
        right.fill_between(depth, list(map(min, layers)), list(map(max, layers)), color=color, alpha=0.15, lw=0)
    right.set(xlabel="depth: first (0) to last (1) 3x3 convolution", ylabel="gradient norm / weight norm", yscale="log")
    curves.tidy(left, right)
    figure.savefig(RESULTS / "degradation.png", dpi=110)
    print(table(results))


if __name__ == "__main__":
    main()
