"""What the experiments share: networks trained side by side on the same small, real data, and what was measured.

Each network sees the same 4,000 digits, averaged down to 16x16, in the same order, with the same optimiser; only the
seed of its weights and of the order differs between repetitions. Results are kept in a file per experiment, so that
figures can be drawn anew without training.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import curves
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from torch import nn
from torch.nn import functional as F
from train import measured, schedule

import archdsl
from archdsl.run import digits

ROOT = Path(__file__).parents[1]

RESULTS = ROOT / "docs" / "experiments"

SIDE = 16
BATCH = 50
RATE = 0.05


class Trained(NamedTuple):
    """One network with one seed: the loss of each step, and what was measured behind the last."""

    losses: list[float]
    accuracy: float
    parameters: int
    seconds: float
    gradients: list[float]
    """The norm of the loss's gradient with respect to each convolution's weight, in the order of depth, averaged over
    the first epoch and divided by the norm of the weight."""


Load = Callable[[], nn.Module]


def spec(file: str, variant: str, **params: Any) -> Load:
    return lambda: archdsl.load(ROOT / "specs" / file, variant, channels=1, **params)


def run(name: str, networks: Mapping[str, Load], *, seeds: Iterable[int], epochs: int) -> dict[str, list[Trained]]:
    """Train what the experiment's file doesn't have yet."""
    torch.set_num_threads(1)
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    data = digits.load(1, SIDE, SIDE)
    for seed in seeds:
        for network, load in networks.items():
            key = f"{network} {seed}"
            if key not in found:
                found[key] = _trained(load, data, seed, epochs)
                path.write_text(json.dumps(found) + "\n")
                print(f"{key}: {found[key].losses[-1]:.4f}, {100 * found[key].accuracy:.2f}%", flush=True)
    return {network: [Trained(*found[f"{network} {seed}"]) for seed in seeds] for network in networks}


def _trained(load: Load, data: digits.Digits, seed: int, epochs: int) -> Trained:
    torch.manual_seed(seed)
    module = load().train()
    optimizer = torch.optim.SGD(module.parameters(), lr=RATE, momentum=0.9, weight_decay=1e-4, nesterov=True)
    weights = [m.weight for m in module.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3)]
    gradients = torch.zeros(len(weights))
    losses: list[float] = []
    started = time.process_time()
    for epoch in range(epochs):
        batches = digits.batches(data.train, BATCH, seed + 1000 * epoch)
        for step, batch in enumerate(batches):
            for group in optimizer.param_groups:
                group["lr"] = RATE * schedule(epoch * len(batches) + step, len(batches), epochs * len(batches))
            loss = F.cross_entropy(module(batch.images), batch.classes)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if epoch == 0:
                gradients += torch.stack([_relative(weight) for weight in weights]) / len(batches)
            optimizer.step()
            losses.append(round(float(loss.detach()), 5))
    seconds = time.process_time() - started
    _, accuracy = measured(module, data.held_out)
    parameters = sum(weight.numel() for weight in module.parameters())
    return Trained(losses, accuracy, parameters, round(seconds, 1), [round(float(g), 6) for g in gradients])


def _relative(weight: torch.Tensor) -> torch.Tensor:
    assert weight.grad is not None
    return weight.grad.norm() / weight.detach().norm()


def compare(name: str, networks: Mapping[str, Load]) -> None:
    """Train with three seeds, draw the training losses into the experiment's figure, and print the table."""
    results = run(name, networks, seeds=(0, 1, 2), epochs=10)
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for (network, runs), color, style in zip(results.items(), curves.COLORS, curves.STYLES):
        draw_losses(axes, network, runs, color, style)
    curves.tidy(axes)
    figure.savefig(RESULTS / f"{name}.png", dpi=110)
    print(table(results))


def table(results: Mapping[str, list[Trained]]) -> str:
    """Mean and range over the seeds, as Markdown."""
    lines = [
        "| network | parameters | training loss, last epoch | held-out error | CPU seconds |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, runs in results.items():
        losses = [sum(run.losses[-80:]) / 80 for run in runs]
        errors = [100 * (1 - run.accuracy) for run in runs]
        seconds = sum(run.seconds for run in runs) / len(runs)
        lines.append(
            f"| {name} | {runs[0].parameters:,} | {_spread(losses, 4)} | {_spread(errors, 1)} % | {seconds:.0f} |"
        )
    return "\n".join(lines)


def _spread(values: list[float], digits: int) -> str:
    mean = sum(values) / len(values)
    return f"{mean:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def draw_losses(axes: Axes, name: str, runs: list[Trained], color: str, style: str) -> None:
    """The training loss per step: its mean over the seeds, and the range in which they lie."""
    steps = list(zip(*(curves.smoothed(run.losses, 0.95) for run in runs)))
    axes.plot([sum(step) / len(step) for step in steps], color=color, linestyle=style, linewidth=1.3, label=name)
    axes.fill_between(range(len(steps)), list(map(min, steps)), list(map(max, steps)), color=color, alpha=0.15, lw=0)
    axes.set(xlabel="step", ylabel=f"training loss (smoothed; {len(runs)} seeds)", yscale="log")
    axes.legend(frameon=False)
