"""`archdsl check`, as a whole process, against processes that import what it could have imported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.measure import SPECS, Row, rounds

ROUNDS = 11

META_FORWARD = """
import torch
from torchvision.models import resnet152
with torch.device("meta"):
    resnet152().eval()(torch.empty(1, 3, 224, 224))
"""


def process(*command: str) -> Callable[[], object]:
    return lambda: subprocess.run(command, check=True, capture_output=True)


def run() -> Iterator[Row]:
    archdsl = str(Path(sys.executable).parent / "archdsl")
    check, lark, meta = rounds(
        ROUNDS,
        [
            process(archdsl, "check", f"{SPECS / 'resnet.arch'}:resnet152"),
            process(sys.executable, "-c", "import lark"),
            process(sys.executable, "-c", META_FORWARD),
        ],
    )
    faster = median(meta) / median(check)
    yield Row(
        "`archdsl check resnet.arch:resnet152`, against torch and torchvision on the meta device",
        f"{median(check) * 1000:.0f} ms against {median(meta) * 1000:.0f} ms: {faster:.1f} times faster",
        "at least 10 times",
        faster >= 10,
    )
    slower = median(check) / median(lark)
    yield Row(
        '... against `python -c "import lark"`',
        f"{median(check) * 1000:.0f} ms against {median(lark) * 1000:.0f} ms: {slower:.2f} times",
        "below 3 times",
        slower < 3,
    )
