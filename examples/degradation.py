"""Plain and residual networks of 20 and 56 layers: training loss per step, and gradients per depth.

python examples/degradation.py
"""

from __future__ import annotations

import curves
from experiment import RESULTS, mean_losses, run, spec, table
from matplotlib import pyplot as plt

NETWORKS = {
    "plain, 20 layers": spec("resnet_cifar.arch", "plain20"),
    "plain, 56 layers": spec("resnet_cifar.arch", "plain56"),
    "residual, 20 layers": spec("resnet_cifar.arch", "resnet20"),
    "residual, 56 layers": spec("resnet_cifar.arch", "resnet56"),
}

LOOKS = dict(zip(NETWORKS, [("#D55E00", "--"), ("#D55E00", "-"), ("#0072B2", "--"), ("#0072B2", "-")]))


def main() -> None:
    results = run("degradation", NETWORKS, seeds=(0,), epochs=10)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for name, runs in results.items():
        color, style = LOOKS[name]
        left.plot(curves.smoothed(mean_losses(runs), 0.95), color=color, linestyle=style, linewidth=1.3, label=name)
        gradients = [sum(layer) / len(layer) for layer in zip(*(run.gradients for run in runs))]
        depth = [i / (len(gradients) - 1) for i in range(len(gradients))]
        right.plot(depth, gradients, color=color, linestyle=style, marker=".", markersize=3, linewidth=1)
    left.set(xlabel="step", ylabel="training loss (smoothed, one seed)", yscale="log")
    right.set(xlabel="depth: first to last 3x3 convolution", ylabel="|gradient| / |weight|, first epoch", yscale="log")
    left.legend(frameon=False)
    curves.tidy(left, right)
    figure.savefig(RESULTS / "degradation.png", dpi=110)
    print(table(results))


if __name__ == "__main__":
    main()
