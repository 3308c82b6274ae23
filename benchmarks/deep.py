"""The deepest networks: checking them against a meta forward, and loading them against a constructor, of torch classes
written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import nn

from benchmarks.checking import elaboration
from benchmarks.handwritten import DenseNet190, ResNet1202
from benchmarks.loading import loading_row
from benchmarks.measure import Row, least

ROUNDS = 12

NETWORKS: tuple[tuple[str, str, Callable[[], nn.Module]], ...] = (
    ("resnet_cifar.arch", "resnet1202", ResNet1202),
    ("densenet.arch", "densenet_bc190_k40", DenseNet190),
)


def meta_forward(made: Callable[[], nn.Module]) -> Callable[[], None]:
    with torch.device("meta"):
        module, image = made().eval(), torch.empty(1, 3, 32, 32)

    def action() -> None:
        with torch.no_grad():
            module(image)

    return action


def run() -> Iterator[Row]:
    for name, variant, written in NETWORKS:
        ours, theirs = least(ROUNDS, [elaboration(name, variant), meta_forward(written)])
        yield Row(
            f"elaborate and check {variant}, against a forward pass of a hand-written class on the meta device",
            f"{ours * 1000:.1f} ms against {theirs * 1000:.0f} ms: {theirs / ours:.1f} times faster",
            "at least 10 times",
            theirs / ours >= 10,
        )
        yield loading_row(name, variant, written, against="that of the hand-written class")
