"""How long a step takes that was run on paper: each rank's turns, laid on one time line.

A device computes at `Machine.flops`. A call among n devices takes its rounds x the latency, and what the device sends
over `Machine.link` (alpha-beta: Thakur, Rabenseifner and Gropp 2005, "Optimization of Collective Communication
Operations in MPICH", section 3). All-gather and all-to-all are n - 1 rounds in the small groups of a split; an
all-reduce over many replicas is 2 log2 n, by halving and doubling (section 4.5), or trees as NCCL has them. What a
pass has made is sent next, which occupies the sender; the pass that needs it, of the stage beside, waits until all has
arrived. Nothing else overlaps: what DDP sums during the backward pass is counted behind it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from archdsl.devices.plan.machine import Machine
from archdsl.devices.scale import RankStep
from archdsl.devices.scale_paper import Pass
from archdsl.devices.traffic_counted import Call
from archdsl.record import Record

LATENCY = 5e-6
"""Seconds from one device to the next (alpha), of a network card's order."""


class UnlikeTurns(ValueError):
    """Ranks of one group would not take part in the same; the message says where."""


class Times(Record):
    """Of one step, in seconds; all but `step` are of the rank that is busy longest.

    step:     until the last rank is ready.
    compute:  passes, without what a split exchanges in them.
    split:    what it exchanges.
    pipeline: sends to the stages beside.
    waiting:  for other stages.
    data:     sums over the replicas.
    bubble:   the part of the pipeline's time that its ranks wait, on the mean.
    """

    step: float
    compute: float
    split: float
    pipeline: float
    waiting: float
    data: float
    bubble: float


def call_seconds(call: Call, machine: Machine, latency: float = LATENCY) -> float:
    """What a call takes of the one who makes it; that of a "recv" depends on the sender."""
    if call.kind == "recv":
        return 0.0
    rounds = 2 * (call.size - 1).bit_length() if call.kind == "all_reduce" else call.size - 1
    return (1 if call.kind == "send" else rounds) * latency + float(call.sent) / machine.link


def agree(ranks: Sequence[RankStep]) -> None:
    """Nobody waits for ever, nor takes one value for another, or `UnlikeTurns`.

    All places of a split make the same calls in the same order, and what a stage sends to another is what that one
    receives from it, in the same order.
    """
    for place in sorted({rank.place for rank in ranks}):
        line = [rank for rank in ranks if rank.place == place]
        for rank, first in zip(line, (rank for rank in ranks if rank.place == ranks[0].place)):
            if rank.sequence != first.sequence:
                raise UnlikeTurns(
                    f"rank {rank.line} calls at place {place} of its split what it does not at {first.place}"
                )
        for rank in line:
            for other in line:
                sent = [call.sent for call in rank.calls if call.kind == "send" and call.peer == other.line]
                taken = [call.received for call in other.calls if call.kind == "recv" and call.peer == rank.line]
                if sent != taken:
                    raise UnlikeTurns(f"rank {rank.line} sends to {other.line} what that one does not receive")


def times(ranks: Sequence[RankStep], machine: Machine, latency: float = LATENCY) -> Times:
    """The predicted times of a step, of the ranks of one replica as `steps` gives them. Raises `UnlikeTurns` where
    ranks wait for each other."""
    line = [rank for rank in ranks if rank.place == ranks[0].place]
    clocks = [_Clock(rank, [other for other in ranks if other.line == rank.line], machine, latency) for rank in line]
    last = max((turn.stage for clock in clocks for (turn, *_) in clock.turns if isinstance(turn, Pass)), default=0)
    made: dict[_Made, float] = {}
    while any(clock.turns for clock in clocks):
        if not sum(clock.run(made, last) for clock in clocks):
            stuck = next(clock for clock in clocks if clock.turns)
            raise UnlikeTurns(f"rank {stuck.line} waits for another stage, and nobody goes on")
    longest = max(clocks, key=lambda clock: clock.busy)
    end = max(clock.ended for clock in clocks)
    mean = sum(clock.busy for clock in clocks) / len(clocks)
    return Times(
        max(clock.now for clock in clocks),
        longest.compute,
        longest.split,
        longest.pipeline,
        longest.waited + end - longest.ended,
        max(clock.now - clock.ended for clock in clocks),
        1 - mean / end if end else 0.0,
    )


_Made = tuple[str, int, int]
"""What a pass makes: forward or backward, of a stage, for the microbatch of this number."""


class _Clock:
    """One rank's time line. `ended`: the pipeline's part of it."""

    def __init__(self, rank: RankStep, places: Sequence[RankStep], machine: Machine, latency: float) -> None:
        self.line = rank.line
        self.machine, self.latency = machine, latency
        self.turns = deque(zip(*(place.turns for place in places)))
        self.passes: Counter[tuple[str, int]] = Counter()
        self.now = self.ended = self.waited = self.compute = self.split = self.pipeline = 0.0

    @property
    def busy(self) -> float:
        return self.compute + self.split + self.pipeline

    def run(self, made: dict[_Made, float], last: int) -> int:
        """Go on until a stage beside has to make something first; how many turns that were.

        made: when what each pass has made is where it is needed; `last` is the number of the last stage.
        """
        start = len(self.turns)
        passed: _Made | None = None
        while self.turns:
            turn = self.turns[0][0]
            sends = isinstance(turn, Call) and turn.kind == "send"
            if passed is not None and not sends:
                made[passed] = self.now
                passed = None
            if isinstance(turn, Pass):
                back = turn.kind == "backward"
                number = self.passes[turn.kind, turn.stage]
                if turn.stage != (last if back else 0):
                    needed = turn.kind, turn.stage + (1 if back else -1), number
                    if needed not in made:
                        break
                    self.waited += max(0.0, made[needed] - self.now)
                    self.now = max(self.now, made[needed])
                passed = turn.kind, turn.stage, number
                self.passes[turn.kind, turn.stage] += 1
            self._take(self.turns.popleft())
        if passed is not None:
            made[passed] = self.now
        return start - len(self.turns)

    def _take(self, alike: Sequence[Pass | Call]) -> None:
        """One turn of the places of a split, which wait for the slowest of them."""
        calls = [turn.calls if isinstance(turn, Pass) else (turn,) for turn in alike]
        exchanges = sum(max(call_seconds(call, self.machine, self.latency) for call in same) for same in zip(*calls))
        compute = max(turn.flops if isinstance(turn, Pass) else 0 for turn in alike) / self.machine.flops
        self.now += compute + exchanges
        self.compute += compute
        first = alike[0]
        if isinstance(first, Pass):
            self.split += exchanges
        elif first.kind == "send":
            self.pipeline += exchanges
        if isinstance(first, Pass) or first.kind == "send":
            self.ended = self.now
