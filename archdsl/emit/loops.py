"""Turns of a loop that are alike -> steps that are written once, with a loop around them.

    denselayer1, concat, denselayer2, concat, ...  ->  for i in range(layers): denselayer{i + 1}, concat

A loop hands one value from turn to turn, and nothing else leaves its turns. They differ in numbers alone, which follow
from the turn's index; what is not so is written out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archdsl.emit.align import Body, Member, Ref, Step
from archdsl.emit.numbering import Numbering
from archdsl.ir.why import Traced


class Turned(Step):
    """A step of a loop's body: what it is in each turn of each graph. As a value it is that of the second turn, the
    first that takes what another has made."""

    __slots__ = ("numbering", "turns")

    def __init__(self, turns: Sequence[Step], numbering: Numbering | None) -> None:
        super().__init__(turns[1].position, turns[1].place, turns[0].nodes)
        self.optional = False
        self.present = [found for turn in turns for found in turn.present]
        self.operands = turns[1].operands
        self.turns = turns
        self.numbering = numbering

    def members(self, body: Body) -> list[Member]:
        if not self._members:
            self._members = [
                Member(i, node, body.graphs[i], turn=turn)
                for turn, step in enumerate(self.turns)
                for i, node in step.present
            ]
        return self._members


class Loop:
    """Consecutive steps of a body as turns of a loop.

    start, end: the positions of its first step and behind its last.
    steps:      what is done in each turn.
    counts:     how many turns each graph has, None where it says nothing of the loop.
    carried:    the value that each turn hands to the next.
    enters:     what the first turn is handed.
    """

    def __init__(self, turns: Sequence[Sequence[Step]], counts: Sequence[Traced | None], steps: list[Turned]) -> None:
        self.turns = turns
        self.start = turns[0][0].position
        self.end = turns[-1][-1].position + 1
        self.counts = counts
        self.steps = steps
        self.carried: list[Ref] = []
        self.enters: Ref = (0, 0)

    @property
    def varies(self) -> bool:
        """Whether the graphs differ in how many turns they have."""
        return len({count.value if count else 0 for count in self.counts}) > 1

    def outside(self, ref: Ref) -> bool:
        return not self.start <= ref[0] < self.end


def steps_in(items: Iterable[Step | Loop]) -> list[Step]:
    """Steps, and those of every turn of loops."""
    found: list[Step] = []
    for item in items:
        found += [step for turn in item.turns for step in turn] if isinstance(item, Loop) else [item]
    return found
