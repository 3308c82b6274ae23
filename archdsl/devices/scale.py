# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
"""A step of training on as many devices as there may be, without them: what each rank calls, computes and holds.

    data x stage x split      ranks count along the split first, then along the stages, then along the replicas

torch's fake process group answers for all other ranks, and tensors on the meta device have shapes but no numbers. Of
each stage the emitted module runs for one microbatch (`scale_paper.py`); then torch's own schedule runs all of them,
with that module's stand-in, and issues its sends and receives on the fake group; then the replicas' gradients are
averaged. Replicas are alike, and so are the places of an even split: one of each kind of rank runs.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.pipelining import PipelineStage
from torch.testing._internal.distributed.fake_pg import FakeStore

from archdsl.api import build
from archdsl.devices.draws import batch_sizes
from archdsl.devices.local import group_mesh, local
from archdsl.devices.pipeline import SCHEDULES, ScheduleName, examples
from archdsl.devices.plan.machine import Machine
from archdsl.devices.processes import ProcessLink
from archdsl.devices.replicas import average_gradients
from archdsl.devices.scale_paper import Pass, Traced, traced
from archdsl.devices.scale_standin import StandIn, Turns, any_loss
from archdsl.devices.stages import Stage, staged
from archdsl.devices.traffic_counted import Call, Counting, bytes_of
from archdsl.devices.transfers import linked
from archdsl.devices.weights import sum_gradients
from archdsl.ir.graph import Program
from archdsl.ir.stages import stages_of
from archdsl.record import Record

META = torch.device("meta")


class RankStep(Record):
    """Of one kind of rank, in one step.

    line:    its number in the pipeline; `place`: in the split.
    turns:   what it does in order: microbatches forward and backward, what it sends and receives between them, and at
             the end the sums over the replicas.
    weights: bytes of parameters and buffers; `trained`: of the parameters that are trained.
    """

    line: int
    place: int
    turns: tuple[Pass | Call, ...]
    weights: int
    trained: int

    @property
    def calls(self) -> Iterator[Call]:
        """The collectives, sends and receives in the order in which it calls them."""
        for turn in self.turns:
            yield from turn.calls if isinstance(turn, Pass) else (turn,)

    @property
    def sent(self) -> Fraction:
        return sum((call.sent for call in self.calls), Fraction(0))

    @property
    def sequence(self) -> tuple[tuple[str, int, int | None], ...]:
        """What must be the same on all ranks of a group: kinds, sizes of groups, peers."""
        return tuple((call.kind, call.size, call.peer) for call in self.calls)

    @property
    def flops(self) -> int:
        return sum(turn.flops for turn in self.turns if isinstance(turn, Pass))

    @property
    def activations(self) -> int:
        """Bytes kept for backward passes, at most: they grow with the microbatches in flight."""
        held = most = 0
        for turn in self.turns:
            if isinstance(turn, Pass):
                held += turn.kept if turn.kind == "forward" else -turn.kept
                most = max(most, held)
        return most

    def memory(self, machine: Machine) -> int:
        """Weights, their gradients, what the optimiser keeps, and activations."""
        return machine.training_bytes(self.weights, self.trained) + self.activations


class Load(Record):
    """What is trained: `samples` of each of so many `replicas`, in so many `microbatches`."""

    replicas: int
    samples: int
    microbatches: int = 1
    schedule: ScheduleName = "1f1b"

    @property
    def microbatch(self) -> int:
        return self.samples // self.microbatches


def steps(
    program: Program, *loads: Load, paths: Sequence[Sequence[str]] | None = None, line: int | None = None
) -> list[list[RankStep]]:
    """The step of each kind of rank, for each load: those of one place of the split in the order of the pipeline, then
    those of the next place.

    paths: the stages, if they are others than the spec's; as `staged` takes them.
    line:  of how many ranks a pipeline is, if it has more stages (schedule "interleaved").

    With even shares the first and the last place of a split are run, else all. Raises `NotLocal`, `NotStaged`, and
    `ValueError` where microbatches don't divide the samples.
    """
    for load in loads:
        if load.samples % load.microbatches:
            raise ValueError(f"{load.samples} samples do not divide into {load.microbatches} microbatches")
    stages = _stages(program, paths)
    mesh = group_mesh(program)
    size = mesh.size if mesh is not None else 1
    ranks = _Ranks(program, stages, size, line or len(stages))
    found: list[list[RankStep]] = [[] for _ in loads]
    for place in _places(program, size):
        for number in range(ranks.line):
            for steps, one in zip(found, ranks.run(number, place, loads)):
                steps.append(one)
    return found


def _stages(program: Program, paths: Sequence[Sequence[str]] | None) -> list[Stage]:
    if paths is not None or stages_of(program.graph):
        return staged(program, paths)
    return [Stage(0, program, tuple(program.graph.inputs), tuple(program.graph.outputs))]


def _places(program: Program, size: int) -> Sequence[int]:
    splits = [node.place.split for _, node, _ in program.graph.walk() if node.place.split is not None]
    return sorted({0, size - 1}) if all(split.even for split in splits) else range(size)


class _Ranks(Record):
    """The ranks of the first replica: so many along its pipeline, and along the split."""

    program: Program
    stages: Sequence[Stage]
    split: int
    line: int

    def run(self, line: int, place: int, loads: Sequence[Load]) -> Iterator[RankStep]:
        """What one of them does, for each load."""
        size = self.line * self.split
        with _as_rank(line * self.split + place, max(load.replicas for load in loads) * size):
            rank = _Rank(self, line, place)
            for load in loads:
                turns = (*rank.pipeline(load), *rank.data(load.replicas))
                yield RankStep(line, place, turns, rank.weights, rank.trained)

    def sizes(self, microbatch: int) -> dict[str, int]:
        """Free sizes, for so many samples."""
        return {**self.program.nominal, **dict.fromkeys(batch_sizes(self.program), microbatch)}


class _Rank:
    """One of them, in its process group. What several loads have in common is run once."""

    def __init__(self, ranks: _Ranks, line: int, place: int) -> None:
        self.ranks, self.line, self.place = ranks, line, place
        self.link = ProcessLink(_group(range(line * ranks.split, (line + 1) * ranks.split)))
        self.own = ranks.stages[line :: ranks.line]
        self.modules = [_module(stage.program, self.link) for stage in self.own]
        self.parameters = [one for module in self.modules for one in module.parameters() if one.requires_grad]
        self.weights = bytes_of(*(tensor for module in self.modules for tensor in module.state_dict().values()))
        self.trained = bytes_of(*self.parameters)
        self.trace = cache(self._trace)
        self.data = cache(self._data)

    def _trace(self, microbatch: int) -> list[Traced]:
        made: list[Traced] = []
        sizes = self.ranks.sizes(microbatch)
        for stage, module in zip(self.own, self.modules):
            module.zero_grad()
            with linked(self.link):
                made.append(traced(module, stage.number, examples(stage.takes, sizes, self.link)))
        return made

    def _data(self, replicas: int) -> list[Call]:
        """The sums of gradients, of which a trace has left some."""
        if replicas == 1:
            return []
        size = self.ranks.line * self.ranks.split
        ranks = range(self.line * self.ranks.split + self.place, replicas * size, size)
        with Counting() as counting:
            average_gradients(self.parameters, _group(ranks))
        return counting.calls

    def pipeline(self, load: Load) -> tuple[Pass | Call, ...]:
        """All microbatches in the order of the schedule, with the sends and receives that it issues."""
        made, stages, split = self.trace(load.microbatch), len(self.ranks.stages), self.ranks.split
        if stages == 1:
            return (made[0].forward, made[0].backward) * load.microbatches
        group = _group(range(self.place, self.ranks.line * split, split))
        first, last = self.line == 0, (stages - 1) % self.ranks.line == self.line
        with Turns() as turns:
            own = [
                PipelineStage(StandIn(one, turns), one.forward.stage, stages, META, one.takes, one.gives, group=group)
                for one in made
            ]
            schedule: Any = SCHEDULES[load.schedule](
                own if load.schedule == "interleaved" else own[0],  # type: ignore[arg-type]
                load.microbatches,
                loss_fn=any_loss,
            )
            batch = [tensor.new_empty((load.samples, *tensor.shape[1:])) for tensor in made[0].takes]
            target = torch.empty(load.samples, device=META) if last else None
            schedule.step(*(batch if first else ()), target=target)
            return turns.all()


@contextmanager
def _as_rank(rank: int, world: int) -> Generator[None]:
    hook = sys.excepthook  # torch's own puts the rank before each line of a traceback, for ever
    dist.init_process_group("fake", store=FakeStore(), rank=rank, world_size=world)
    try:
        yield
    finally:
        dist.destroy_process_group()
        sys.excepthook = hook


def _module(program: Program, link: ProcessLink) -> nn.Module:
    """A stage's module, or this rank's of those that share it out."""
    if group_mesh(program) is None:
        return build(program, device="meta")
    own = local(program, link.index)
    module = build(own.program, device="meta")
    sum_gradients(module, own, link)
    return module


def _group(ranks: Sequence[int]) -> dist.ProcessGroup:
    group = dist.new_group(list(ranks))
    assert isinstance(group, dist.ProcessGroup), "this rank is one of them"
    # Sends and receives are issued on the back end of their tensors' device.
    fake = group._get_backend(torch.device("cpu"))
    group._register_backend(torch.device("meta"), dist.ProcessGroup.BackendType.CUSTOM, fake)
    return group
