"""`archdsl draw`, as a whole process, against torchview drawing torchvision's network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.measure import SPECS, Row, rounds
from benchmarks.startup import process

ROUNDS = 5

TORCHVIEW = """
import sys
from torchview import draw_graph
from torchvision.models import resnet152
from archdsl.draw.engine import render
graph = draw_graph(resnet152(), input_size=(1, 3, 224, 224), device="meta").visual_graph
open(sys.argv[1], "wb").write(render(graph.source, "svg"))
"""
"""As its manual says, on the meta device, which is its quickest way; the Graphviz that draws is the one that we use."""


def run() -> Iterator[Row]:
    archdsl = str(Path(sys.executable).parent / "archdsl")
    target = f"{SPECS / 'resnet.arch'}:resnet152"
    with TemporaryDirectory() as folder:
        draw = process(archdsl, "draw", target, "-o", f"{folder}/net.svg", "--force")
        steps = process(archdsl, "draw", target, "-o", f"{folder}/steps.svg", "--force", "--level", "step", "--no-fold")
        torchview = process(sys.executable, "-c", TORCHVIEW, f"{folder}/torchview.svg")
        taken = dict(zip(("draw", "steps", "torchview"), map(median, rounds(ROUNDS, [draw, steps, torchview]))))
    for name, figure, goal in (
        ("draw", "`archdsl draw resnet.arch:resnet152 -o net.svg`, against torchview", 5),
        ("steps", "... every step, unfolded", 1),
    ):
        faster = taken["torchview"] / taken[name]
        yield Row(
            figure,
            f"{taken[name] * 1000:.0f} ms against {taken['torchview'] * 1000:.0f} ms: {faster:.1f} times faster",
            f"at least {goal} times" if goal > 1 else "as fast",
            faster >= goal,
        )
