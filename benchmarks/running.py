"""The generated modules against torchvision's: time of forward and of forward and backward, and peak memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median, quantiles

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile
from torchvision.models import get_model

import archdsl
from benchmarks.measure import SPECS, Row, median_ratio, rounds

ROUNDS = 60
NETWORKS = (
    ("resnet50", "resnet.arch", 96),
    ("vgg16", "vgg.arch", 64),
    ("densenet121", "densenet.arch", 64),
    ("googlenet", "googlenet.arch", 96),
)
OPTIONS = {"googlenet": {"init_weights": False}}
"""PyTorch's own draws: torchvision's take a minute, and play no part here."""
BATCH = 2


def forward(module: nn.Module, x: Tensor) -> Callable[[], object]:
    def action() -> None:
        module.eval()
        with torch.no_grad():
            module(x)

    return action


def forward_backward(module: nn.Module, x: Tensor) -> Callable[[], object]:
    labels = torch.arange(len(x))

    def action() -> None:
        module.train()
        module.zero_grad(set_to_none=True)
        made = module(x)
        outputs = [made] if isinstance(made, Tensor) else [value for _, value in sorted(made._asdict().items())]
        torch.stack([F.cross_entropy(output, labels) for output in outputs]).sum().backward()

    return action


def peak_bytes(action: Callable[[], object]) -> int:
    """The most memory held at once beyond what was held before, by the allocator's own events."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        action()
    results = profiler.profiler.kineto_results  # type: ignore[union-attr]  # the public views drop the order
    changes = sorted((e.start_ns(), e.nbytes()) for e in results.events() if e.name() == "[memory]")
    held = peak = 0
    for _, change in changes:
        held += change
        peak = max(peak, held)
    return peak


def run() -> Iterator[Row]:
    torch.manual_seed(0)
    for name, spec, size in NETWORKS:
        theirs, again = (get_model(name, weights=None, **OPTIONS.get(name, {})) for _ in range(2))
        ours = archdsl.load(SPECS / spec, variant=name)
        for module in (again, ours):
            module.load_state_dict(theirs.state_dict())
        x = torch.randn(BATCH, 3, size, size)
        for what, make in (("forward", forward), ("forward and backward", forward_backward)):
            actions = [make(module, x) for module in (theirs, again, ours)]
            their_times, again_times, our_times = rounds(ROUNDS, actions)
            ratio = median_ratio(our_times, their_times)
            itself = median_ratio(again_times, their_times)
            low, _, high = quantiles((a / t for a, t in zip(again_times, their_times)), n=4)
            allowed = max(0.03, abs(itself - 1))
            yield Row(
                f"{name}, {what}, against torchvision",
                f"{median(our_times) * 1000:.1f} ms, ratio {ratio:.3f}; torchvision against itself {itself:.3f}"
                f" (quartiles {low:.3f} to {high:.3f})",
                f"at most {1 + allowed:.3f}",
                ratio <= 1 + allowed,
            )
            for module in (theirs, again, ours):
                module.zero_grad(set_to_none=True)
            our_peak, their_peak = peak_bytes(actions[2]), 0
            ours.zero_grad(set_to_none=True)
            their_peak = peak_bytes(actions[0])
            theirs.zero_grad(set_to_none=True)
            yield Row(
                f"{name}, {what}, peak memory",
                f"{our_peak:,} bytes against {their_peak:,}",
                "no higher",
                our_peak <= their_peak,
            )
