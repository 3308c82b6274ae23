"""From all the steps of a level to what its figure shows. Each pass changes a frame; inner frames come first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from archdsl.diagnostic import Diagnostic
from archdsl.draw.outline import View
from archdsl.draw.parts import Frame, Part
from archdsl.draw.passes.absorb import absorb
from archdsl.draw.passes.captions import captions, mark
from archdsl.draw.passes.dense import dense
from archdsl.draw.passes.fold import Fold
from archdsl.draw.passes.reductions import reductions
from archdsl.draw.passes.sections import placed, sections, splits, turns
from archdsl.draw.passes.shortcuts import shortcuts
from archdsl.draw.passes.sizes import sizes
from archdsl.draw.passes.unwrap import unwrap
from archdsl.ir.graph import Program


def simplify(root: Frame, program: Program, view: View, diagnostics: Sequence[Diagnostic] = ()) -> None:
    """Run the passes that the view asks for. diagnostics: what is wrong with the program."""
    steps: list[Callable[[Frame], None]] = []
    if view.merges_steps:
        steps += [unwrap, shortcuts, absorb, partial(dense, fold=view.fold)]
    if view.fold:
        steps.append(Fold(program.graph, view).run)
    if view.merges_steps:
        steps.append(turns)
    steps += [splits, placed]
    steps.append(partial(sections, closed=view.level == "network"))
    for frame in inner_first(root):
        for step in steps:
            step(frame)
    for frame in inner_first(root):
        reductions(frame)
        captions(frame, names=not view.merges_steps)
        mark(frame, diagnostics)
    if view.merges_steps:
        sizes(root)


def inner_first(root: Frame) -> list[Frame]:
    """Every frame, what is in it before itself."""
    found: list[Frame] = []
    stack: list[Part] = [root]
    while stack:
        part = stack.pop()
        if isinstance(part, Frame):
            found.append(part)
            stack += part.parts
    found.reverse()
    return found
