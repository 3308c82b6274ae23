"""The cuts that make the slowest stage as fast as it can be: exact, by a search over the time that a stage may take.

For a given time of a stage, `reach` finds the fewest stages that do: from the end backwards, each cut takes the cut
behind it from which the fewest stages lead to the end. Fewer stages behind a cut are never worse: their times are
below the limit all the same, and with 1F1B a stage holds one microbatch for each stage behind it. So one number a cut
is enough, and a test takes time about linear in the number of cuts. The limit is then halved between what can't be and
what was found, until nothing lies between.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import ceil

from archdsl.devices.plan.cuts import Cut, Cuts
from archdsl.devices.plan.machine import Machine
from archdsl.record import Record

NEAR = 1e-12
"""Times that differ by less than this part of them are equal: what rounding makes of equal sums."""


ROUNDING = 1e-9
"""Of a stage, in counts of stages."""
CLOSE = 1.01
"""How near to what can't be a time is, when the search asks whether anything at all is below it."""


class Terms(Record):
    """What is fixed while cuts are chosen: `schedule` "gpipe" or "1f1b", the number of microbatches."""

    machine: Machine
    schedule: str
    microbatches: int

    def in_flight(self, stages_left: int) -> int:
        """How many microbatches a stage holds at most, if so many stages come from it to the end, itself included.

        GPipe runs all forward passes first (Huang et al. 2019, section 2.3); with one forward, one backward in turn a
        stage starts no more than there are stages from it to the end (Narayanan et al. 2021, section 2.2.1).
        """
        return self.microbatches if self.schedule == "gpipe" else min(self.microbatches, stages_left)


class Effort:
    """What a search may still spend, in pairs of cuts looked at. Networks with many branches side by side have many
    cuts, and planning has to end: what was found until then is taken."""

    def __init__(self, left: int = 4_000_000) -> None:
        self.left = left

    @property
    def spent(self) -> bool:
        return self.left < 0


class Split(Record):
    """Cuts from the beginning to the end, a stage between each and the next; `slowest` is the time of its slowest
    stage for one microbatch, `trained` the most bytes that a stage trains."""

    cuts: tuple[Cut, ...]
    slowest: float
    trained: int

    @property
    def stages(self) -> int:
        return len(self.cuts) - 1


class _Limits(Record):
    """What a stage may take."""

    slowest: float
    trained: float
    memory: float


class _Level:
    """Cuts from which as many stages lead to the end, the last first. Those before `head` are out of everybody's reach:
    cuts are met from the end, so what is too far for the most that comes is too far for all."""

    __slots__ = ("cuts", "head", "soonest")

    def __init__(self) -> None:
        self.cuts: list[int] = []
        self.head = 0
        self.soonest = float("inf")
        """The least `ends` of them."""

    def add(self, cut: int, ends: float) -> None:
        self.cuts.append(cut)
        self.soonest = min(self.soonest, ends)

    def within(self, most: float, amount: Sequence[float], other: Sequence[float] = (), factor: int = 0) -> bool:
        """Leave out those before which there is more of something, or of something with so many times another; whether
        any are left."""
        while self.head < len(self.cuts):
            cut = self.cuts[self.head]
            if amount[cut] + (factor * other[cut] if factor else 0) <= most:
                return True
            self.head += 1
        return False


class Solver:
    """Chooses among the cuts of a network at one size of the microbatch."""

    def __init__(self, cuts: Cuts, terms: Terms, effort: Effort | None = None) -> None:
        machine = terms.machine
        self.effort = effort or Effort()
        self.terms = terms
        self.listed = cuts
        self.cuts: Sequence[Cut] = cuts.cuts
        self.compute = [cut.flops / machine.flops + cut.told / machine.link for cut in self.cuts]
        self.transfer = [cut.exchanged / machine.link for cut in self.cuts]
        self.ends = [time + cross for time, cross in zip(self.compute, self.transfer)]
        self.starts = [time - cross for time, cross in zip(self.compute, self.transfer)]
        self.fixed = [machine.training_bytes(cut.state, cut.trained) for cut in self.cuts]
        self.kept = [cut.kept for cut in self.cuts]
        self.trained = [cut.trained for cut in self.cuts]
        self.most = [list(accumulate(each, max)) for each in (self.fixed, self.kept, self.trained)]
        """Of each, the most before a cut or any that is listed before it."""

    def time(self, before: int, behind: int) -> float:
        """Of the stage between two cuts, for one microbatch: it computes, with what it tells the devices of its split,
        receives and sends, in turn."""
        return self.ends[behind] - self.starts[before]

    def memory(self, before: int, behind: int, stages_left: int) -> int:
        """The most bytes that the stage between two cuts holds.

        Weights, gradients and the optimiser's; and for each microbatch in flight what its steps keep, what it was
        sent, and what it sends and no step keeps: a pipeline holds both until the backward pass.
        """
        one, other = self.cuts[before], self.cuts[behind]
        held = other.kept - one.kept + one.sent + other.sent_alone
        return self.fixed[behind] - self.fixed[before] + self.terms.in_flight(stages_left) * held

    def reach(
        self, slowest: float, most: int, trained: float = float("inf"), memory: float | None = None
    ) -> Split | None:
        """A split into the fewest stages, at most `most`, of which none takes longer, trains more bytes, or needs more
        memory; None if there is none."""
        limits = _Limits(slowest * (1 + NEAR / 4), trained, self.terms.machine.memory if memory is None else memory)
        last = len(self.cuts) - 1
        levels = [_Level()]
        levels[0].add(last, self.ends[last])
        behind: dict[int, int] = {}
        first = 0
        for at in range(last - 1, -1, -1):
            furthest = self.compute[at] + limits.slowest
            while not levels[first].within(furthest, self.compute):
                first += 1
                if first == len(levels):
                    return None
            # What lies before takes at least so many stages more.
            before = ceil(self.compute[at] / limits.slowest - ROUNDING)
            for count in range(first, min(len(levels), most - before)):
                chosen = self._next(at, levels[count], furthest, limits, count + 1)
                if chosen is not None:
                    behind[at] = chosen
                    if count + 1 == len(levels):
                        levels.append(_Level())
                    levels[count + 1].add(at, self.ends[at])
                    break
        return self._split(behind, last) if 0 in behind else None

    def _next(self, at: int, level: _Level, furthest: float, limits: _Limits, stages: int) -> int | None:
        """The cut to go to from one, among those of a level; the stage between is `stages` from the end."""
        cut, room = self.cuts[at], self.starts[at] + limits.slowest
        self.effort.left -= 1
        if level.soonest > room or not level.within(furthest, self.compute):
            return None
        fixed, kept, trained = (most[at] for most in self.most)
        flying = self.terms.in_flight(stages)
        memory = limits.memory + fixed + flying * kept
        if not level.within(trained + limits.trained, self.trained) or not level.within(
            memory, self.fixed, self.kept, flying
        ):
            return None
        for index in range(level.head, len(level.cuts)):
            other = level.cuts[index]
            self.effort.left -= 1
            if self.ends[other] > room:
                continue
            there = self.cuts[other]
            if (
                there.trained - cut.trained <= limits.trained
                and cut.within(there)
                and self.memory(at, other, stages) <= limits.memory
            ):
                return other
        return None

    def _split(self, behind: dict[int, int], last: int) -> Split:
        path = [0]
        while path[-1] != last:
            path.append(behind[path[-1]])
        return self.along(path)

    def along(self, path: Sequence[int]) -> Split:
        """The split at these cuts, from the first to the last."""
        cuts = tuple(self.cuts[at] for at in path)
        slowest = max(self.time(a, b) for a, b in pairwise(path))
        return Split(cuts, slowest, max(b.trained - a.trained for a, b in pairwise(cuts)))

    def any(self, most: int, below: float, trained: float = float("inf")) -> Split | None:
        """A split of at most so many stages that take less than that time, if there is one."""
        return self.reach(below * (1 - NEAR), most, trained)

    def fastest(self, most: int, below: float, trained: float = float("inf"), *, floor: float = 0.0) -> Split | None:
        """The split of at most so many stages whose slowest is fastest; None if none is below that time. `floor`: what
        is known that none is below."""
        best = self.any(most, below, trained)
        low = max(floor, self.compute[-1] / most)
        probe = False
        while best is not None and best.slowest > low * (1 + NEAR) and not self.effort.spent:
            # By halves; near the end also whether anything at all is below the best, which often settles it.
            found = self.reach(best.slowest * (1 - NEAR) if probe else (low + best.slowest) / 2, most, trained)
            if found is None and probe:
                break
            if found is None:
                low = (low + best.slowest) / 2
            best = found or best
            probe = not probe and found is None and best.slowest <= low * CLOSE
        return best
