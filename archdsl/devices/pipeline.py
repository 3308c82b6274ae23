# pyright: reportUnknownMemberType=false
"""The stages of a network in processes of their own, microbatch by microbatch: `torch.distributed.pipelining`, with
each stage's shapes from the graph and what skips a stage relayed through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import nullcontext
from typing import Any, Literal

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.pipelining import Schedule1F1B, ScheduleGPipe, ScheduleInterleaved1F1B

from archdsl.api import build
from archdsl.devices.again import carry
from archdsl.devices.draws import batch_sizes, rows
from archdsl.devices.handing import HandingStage
from archdsl.devices.local import Part, group_mesh, local
from archdsl.devices.local_ops import NotLocal
from archdsl.devices.noise import draw, replaying
from archdsl.devices.own import own_shape
from archdsl.devices.stages import NotStaged, carries_gradient, staged
from archdsl.devices.transfers import Link, linked
from archdsl.devices.watch import Watch
from archdsl.devices.weights import fill, own_state, sum_gradients
from archdsl.ir.graph import Program, Value
from archdsl.ops.noise import Noise

ScheduleName = Literal["gpipe", "1f1b", "interleaved"]

SCHEDULES = {"gpipe": ScheduleGPipe, "1f1b": Schedule1F1B, "interleaved": ScheduleInterleaved1F1B}


class Pipeline:
    """This process's part of a network that runs as a pipeline.

    modules: its stages' modules; their `state_dict`s have the whole network's keys.
    parts:   by key, of what it has a part of only.
    first:   it has the first stage, so it is given the inputs; `last`: it is given the targets, and has the results.
    """

    def __init__(
        self,
        program: Program,
        state: Mapping[str, Tensor],
        loss: Callable[[Any, Any], Tensor],
        *,
        batch: int,
        microbatches: int,
        schedule: ScheduleName = "1f1b",
        sizes: Mapping[str, int] | None = None,
        group: dist.ProcessGroup | None = None,
        device: torch.device | str = "cpu",
        paths: Sequence[Sequence[str]] | None = None,
        link: Link | None = None,
        replica: int = 0,
        replicas: int = 1,
        watch: Watch | None = None,
    ) -> None:
        """Build this process's stages. All processes of the group do so at once.

        state:    the whole network's weights: every stage is given its own.
        loss:     (output, target) -> the mean over the samples of a microbatch.
        batch:    samples of a step; `microbatches` divides it.
        schedule: with "interleaved" a process has several stages, in turns: stages r, r + size, ...
        sizes:    of the inputs' free axes, by name, where they are others than the nominal ones.
        paths:    the stages, if they are others than the spec's: for each the paths of its steps.
        link:     to the processes with which this one shares out what stands in splits within its stages.
        replica:  of so many `replicas`, each of which has a `batch` of its own, this is the one of that number. Their
                  gradients are to be averaged.
        watch:    is told which stage and microbatch this process is at, or which transfer it waits for.

        Raises `NotStaged` where the network can't be cut so, or the numbers don't fit.
        """
        stages = staged(program, paths)
        rank, size = dist.get_rank(group), dist.get_world_size(group)
        _need_fitting(len(stages), size, batch, microbatches, schedule)
        names = batch_sizes(program)
        sizes = {**program.nominal, **(sizes or {}), **dict.fromkeys(names, batch // microbatches)}
        self._sizes = {**sizes, **dict.fromkeys(names, batch * replicas)}
        self._shapes = [(batch, *value.shape.at(sizes)[1:]) for value in program.graph.inputs if value.shape]
        self.first, self.last = rank == 0, (len(stages) - 1) % size == rank
        self.modules = nn.ModuleList()
        self.parts: dict[str, Part] = {}
        self._replica, self._replicas = replica, replicas
        self._microbatches, self._device = microbatches, torch.device(device)
        self._running: dict[int, _Running] = {}
        self._draws: list[tuple[int, Noise]] = []
        self._stages: list[HandingStage] = []
        for stage in stages:
            self._draws += ((stage.number, each) for each in _rows(stage.program, names))
            if stage.number % size != rank:
                continue
            with torch.random.fork_rng(devices=[]):  # what follows is drawn as if the network were on one device
                module, own_parts = _built(stage.program, state, link, self._device)
            carry(module)
            self.parts |= own_parts
            self.modules.append(module)
            running = self._running[stage.number] = _Running(module, link)
            takes, gives = examples(stage.takes, sizes, link), examples(stage.gives, sizes, link)
            self._stages.append(
                HandingStage(running, stage.number, len(stages), self._device, takes, gives, group=group, watch=watch)
            )
        self._schedule: Any = SCHEDULES[schedule](
            self._stages if schedule == "interleaved" else self._stages[0],  # type: ignore[arg-type]
            microbatches,
            loss_fn=loss,
        )

    def step(self, *inputs: Tensor, target: Any = None) -> tuple[Any, Tensor | None]:
        """A step forward and backward: the gradients are those of the mean loss over the batch.

        The first process gives the inputs, the last the targets, for the whole batch; the last is given back the output
        and the mean loss, the others nothing. Raises `NotStaged` for inputs of other sizes than those it was built for.
        """
        if self.first and [tuple(x.shape) for x in inputs] != self._shapes:
            raise NotStaged(f"built for inputs of {self._shapes}, not {[tuple(x.shape) for x in inputs]}: give `sizes`")
        if self.modules.training:
            self._draw()
        for stage in self._stages:
            stage.step += 1
        losses: list[Tensor] = []
        output = self._schedule.step(*inputs, target=target, losses=losses if self.last else None)
        return output, torch.stack(losses).mean() if losses else None

    def _draw(self) -> None:
        """Draw what the whole network would, for all replicas' batches and in its order; keep what the own stages
        drop, microbatch by microbatch."""
        for running in self._running.values():
            running.noise = [[] for _ in range(self._microbatches)]
            running.turn = 0
        for number, each in self._draws:
            drawn = draw(each, self._sizes, self._device).chunk(self._replicas)[self._replica]
            if number in self._running:
                for rows, part in zip(self._running[number].noise, drawn.chunk(self._microbatches)):
                    rows.append(part)


def _built(
    program: Program, state: Mapping[str, Tensor], link: Link | None, device: torch.device
) -> tuple[nn.Module, Mapping[str, Part]]:
    """A stage's module, or this device's of those that share it out, with its weights, and which parts they are."""
    if link is None or group_mesh(program) is None:
        module = build(program, device=device)
        fill(module, state)
        return module, {}
    own = local(program, link.index)
    module = build(own.program, device=device)
    fill(module, own_state(state, own))
    sum_gradients(module, own, link)
    return module, own.parts


class _Running(nn.Module):
    """A stage as the schedule runs it: its dropouts drop, microbatch by microbatch, what was drawn for them."""

    def __init__(self, module: nn.Module, link: Link | None) -> None:
        super().__init__()
        self.module = module
        self.link = link
        self.noise: list[list[Tensor]] = []
        self.turn = 0

    def forward(self, *inputs: Tensor) -> Any:
        with linked(self.link) if self.link is not None else nullcontext():
            if not self.training:
                return _plain(self.module(*inputs))
            self.turn += 1
            with replaying(self.noise[self.turn - 1]):
                return _plain(self.module(*inputs))


def _plain(output: Any) -> Any:
    """Several outputs as a tuple without names, which is all that a `PipelineStage` hands on."""
    return (*output,) if isinstance(output, tuple) else output


def examples(values: Sequence[Value], sizes: Mapping[str, int], link: Link | None) -> tuple[Tensor, ...]:
    """Tensors without numbers, of a microbatch's shapes; of what a split shares out, this device's part."""
    shapes = [(value, own_shape(value.shape, link.index) if link is not None else value.shape) for value in values]
    return tuple(
        torch.empty(
            shape.at(sizes),
            dtype=getattr(torch, shape.dtype),
            device="meta",
            requires_grad=carries_gradient(value),
        )
        for value, shape in shapes
        if shape is not None
    )


def _rows(program: Program, batch: Set[str]) -> list[Noise]:
    """What a stage draws. Raises `NotStaged`."""
    try:
        return rows(program.graph, batch)
    except NotLocal as problem:
        raise NotStaged(str(problem)) from None


def _need_fitting(stages: int, size: int, batch: int, microbatches: int, schedule: ScheduleName) -> None:
    if batch % microbatches:
        raise NotStaged(f"a batch of {batch} does not divide into {microbatches} microbatches")
    if schedule != "interleaved" and stages != size:
        raise NotStaged(f"{stages} stages need as many processes, not {size}; or the schedule interleaved")
    for count, what in ((stages, "stages"), (microbatches, "microbatches")):
        if schedule == "interleaved" and count % size:
            above = -(-count // size) * size
            raise NotStaged(f"interleaved, {count} {what} do not divide among {size} processes; {above} would")
