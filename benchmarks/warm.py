"""Checking resnet152 inside a running process, against one forward pass of torchvision's on the meta device."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torchvision.models import resnet152

from archdsl.compiler import check
from archdsl.source import Source
from benchmarks.checking import elaboration
from benchmarks.measure import SPECS, Row, least

ROUNDS = 31
TARGET = "resnet152"


def run() -> Iterator[Row]:
    text = (SPECS / "resnet.arch").read_text(encoding="utf-8")

    def with_parsing() -> None:
        assert check(Source("resnet.arch", text), TARGET).program is not None

    with torch.device("meta"):
        module = resnet152(weights=None).eval()
        image = torch.empty(1, 3, 224, 224)

    def forward() -> None:
        with torch.no_grad():
            module(image)

    checked, parsed, meta = least(ROUNDS, [elaboration("resnet.arch", TARGET), with_parsing, forward])
    for what, taken, goal in (("elaborate and check", checked, 10), ("parse, elaborate and check", parsed, 4)):
        yield Row(
            f"{what} resnet152, against a forward pass on the meta device",
            f"{taken * 1000:.2f} ms against {meta * 1000:.1f} ms: {meta / taken:.1f} times faster",
            f"at least {goal} times",
            meta / taken >= goal,
        )
