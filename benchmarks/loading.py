"""`archdsl.load`, less the generated class's own constructor, against torchvision's constructor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import process_time

from torch import nn
from torchvision.models import resnet152

import archdsl
from benchmarks.measure import SPECS, Row, one_thread, seconds

ROUNDS = 15


def beyond_constructor(file: str, variant: str, by_hand: Callable[[], nn.Module], rounds: int) -> tuple[float, float]:
    """Processor seconds that a load takes beyond the generated class's own constructor, which is timed inside the load;
    and those of the constructor that it is held against. Each the quickest of the rounds."""

    def load() -> nn.Module:
        return archdsl.load(SPECS / file, variant=variant)

    generated = type(load())
    construct = generated.__init__
    constructing = 0.0

    def timed(self: nn.Module) -> None:
        nonlocal constructing
        start = process_time()
        construct(self)
        constructing = process_time() - start

    beyond: list[float] = []
    theirs: list[float] = []
    generated.__init__ = timed
    try:
        with one_thread():
            for _ in range(rounds):
                beyond.append(seconds(load, process_time) - constructing)
                theirs.append(seconds(by_hand, process_time))
    finally:
        generated.__init__ = construct
    return min(beyond), min(theirs)


def loading_row(
    file: str, variant: str, by_hand: Callable[[], nn.Module], rounds: int = ROUNDS, *, against: str
) -> Row:
    beyond, theirs = beyond_constructor(file, variant, by_hand, rounds)
    return Row(
        f"`archdsl.load` of {variant} less the class's constructor, against {against}",
        f"{beyond * 1000:.0f} ms against {theirs * 1000:.0f} ms: {beyond / theirs:.3f} of it",
        "at most 0.2",
        beyond / theirs <= 0.2,
    )


def run() -> Iterator[Row]:
    made = "`torchvision.models.resnet152()`"
    yield loading_row("resnet.arch", "resnet152", lambda: resnet152(weights=None), against=made)
