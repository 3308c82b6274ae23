"""`archdsl.load`, less the generated class's own constructor, against torchvision's constructor."""

from __future__ import annotations

from collections.abc import Iterator

from torchvision.models import resnet152

import archdsl
from benchmarks.measure import SPECS, Row, least

ROUNDS = 15


def run() -> Iterator[Row]:
    path = SPECS / "resnet.arch"
    generated = type(archdsl.load(path, variant="resnet152"))
    load, construct, theirs = least(
        ROUNDS, [lambda: archdsl.load(path, variant="resnet152"), generated, lambda: resnet152(weights=None)]
    )
    beyond = load - construct
    ratio = beyond / theirs
    yield Row(
        "`archdsl.load` of resnet152 less the class's constructor, against `torchvision.models.resnet152()`",
        f"{beyond * 1000:.0f} ms against {theirs * 1000:.0f} ms: {ratio:.3f} of it",
        "at most 0.2",
        ratio <= 0.2,
    )
