"""Which runs of a body's steps are turns of a loop that can be written once: see `loops.py`."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby

from archdsl.emit.align import Body, Ref, Step
from archdsl.emit.along import Unrollable
from archdsl.emit.code import Name
from archdsl.emit.construct import Construction
from archdsl.emit.loops import Loop, Turned
from archdsl.emit.numbering import numbering
from archdsl.emit.register import is_child
from archdsl.emit.survey import Survey
from archdsl.emit.unit import Unit
from archdsl.emit.write import written
from archdsl.ir.graph import Layer, Turn
from archdsl.ir.why import Traced
from archdsl.ops.form import X

FEWEST = 3
"""A loop that always has fewer turns is as easily read written out."""


class Finder:
    """Finds the loops of a body."""

    def __init__(self, survey: Survey, body: Body, construction: Construction) -> None:
        self.survey = survey
        self.body = body
        self.construction = construction
        self.readers: dict[Ref, list[int]] = {}
        for step in body.steps:
            for ref in step.operands:
                self.readers.setdefault(ref, []).append(step.position)
        for ref in body.outputs:
            self.readers.setdefault(ref, []).append(len(body.steps))

    def loops(self) -> list[Loop]:
        """All of them, in order; of loops in loops the outermost that can be one."""
        if any(graph.order is not None or graph.checks for graph in self.body.graphs):
            return []
        return list(self._within(self.body.steps, 0))

    def _within(self, steps: Sequence[Step], depth: int) -> Iterator[Loop]:
        """The loops at that depth; where one can't be, those in its turns."""
        for key, run in groupby(steps, lambda step: (self._loop_around(step, depth), step.place.turns[:depth])):
            if key[0] is None:
                continue
            run = list(run)
            loop = self._loop(run, depth)
            if loop is not None:
                yield loop
                continue
            for _, turn in groupby(run, lambda step: step.place.turns[depth]):
                yield from self._within(list(turn), depth + 1)

    def _loop_around(self, step: Step, depth: int) -> Hashable:
        """The text that counts the turns."""
        if len(step.place.turns) <= depth:
            return None
        span = self._turn(step, depth).loop
        return id(span.source), span.start, span.end

    def _turn(self, step: Step, depth: int) -> Turn:
        graph, node = step.present[0]
        return node.place.turns[self.survey.turns_around(self.body.graphs[graph]) + depth]

    def _loop(self, run: list[Step], depth: int) -> Loop | None:
        turns = [list(turn) for _, turn in groupby(run, lambda step: step.place.turns[depth])]
        counts = self._counts(turns, depth)
        if counts is None or not _same_text(turns, depth):
            return None
        steps = [Turned(column, numbering([step.one.name for step in column])) for column in zip(*turns)]
        loop = Loop(turns, counts, steps)
        if (len(turns) < FEWEST and not loop.varies) or not self._carries_one(loop):
            return None
        return loop if self._can_be_written(loop) else None

    def _can_be_written(self, loop: Loop) -> bool:
        """Whether one text does for all turns: tried on a class that is thrown away."""
        if not all(map(self._may_be_one, loop.steps)):
            return False
        scratch = Unit(self.body, self.survey, "trial", "Trial")
        try:
            scratch.count(loop)
            for step in loop.steps:
                members = step.members(self.body)
                if step.one.runs is not None:
                    continue
                if is_child(step):
                    self.construction.child(scratch, members, (step.position,))
                else:
                    written(scratch, step, members, [Name("x")] * len(step.operands))
        except Unrollable:
            return False
        return True

    def _may_be_one(self, step: Turned) -> bool:
        """Whether its text differs in numbers alone."""
        nodes = [node for _, node in step.present]
        if step.one.runs is not None:
            return len({node.runs for node in nodes}) == 1
        if not is_child(step):
            return not any(isinstance(layer.form.function, X) for layer in nodes if isinstance(layer, Layer))
        return step.numbering is not None and len(set(map(self.construction.kind, nodes))) == 1

    def _counts(self, turns: list[list[Step]], depth: int) -> list[Traced | None] | None:
        """How many turns each graph has; None if one lacks some step of a turn, a turn before others, or, as a stage of
        a pipeline, turns at the end."""
        if len(turns) < 2 or [turn[0].place.turns[depth] for turn in turns] != list(range(len(turns))):
            return None
        found: list[Traced | None] = []
        for graph in range(len(self.body.graphs)):
            present = [{step.nodes[graph] is not None for step in turn} for turn in turns]
            count = present.count({True})
            if present != [{True}] * count + [{False}] * (len(turns) - count):
                return None
            node = turns[0][0].nodes[graph]
            around = self.survey.turns_around(self.body.graphs[graph])
            said = node.place.turns[around + depth].count if node is not None else None
            if said is not None and said.value != count:
                return None
            found.append(said)
        return found

    def _carries_one(self, loop: Loop) -> bool:
        """Whether each turn does the same with one value that the turn before made; notes which."""
        length = len(loop.steps)
        handed: set[tuple[Ref, Ref]] = set()
        for step in loop.steps:
            for operand in zip(*(turn.operands for turn in step.turns)):
                first, second = operand[0], operand[1]
                expected = [
                    _shifted(second, 0 if loop.outside(second) else length * (t - 1)) for t in range(len(operand))
                ]
                if not loop.outside(second) and second[0] < loop.start + length:
                    handed.add((first, second))
                    expected[0] = first
                if list(operand) != expected:
                    return False
        if len(handed) != 1:
            return False
        ((loop.enters, made),) = handed
        loop.carried = [_shifted(made, length * turn) for turn in range(len(loop.turns))]
        return loop.outside(loop.enters) and all(
            ref == loop.carried[-1] or max(readers) < loop.end
            for ref, readers in self.readers.items()
            if not loop.outside(ref)
        )


def _shifted(ref: Ref, by: int) -> Ref:
    return ref[0] + by, ref[1]


def _same_text(turns: list[list[Step]], depth: int) -> bool:
    def text(turn: list[Step]) -> list[Hashable]:
        return [(step.place.text, step.place.turns[depth + 1 :], step.place.again) for step in turn]

    first = text(turns[0])
    return all(text(turn) == first for turn in turns)
