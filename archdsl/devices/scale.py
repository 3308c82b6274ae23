"""A step of training on as many devices as there may be, without them: what each rank calls, sends and holds.

torch's fake process group answers for all other ranks, and tensors on the meta device have shapes but no numbers: the
emitted modules, DDP's buckets apart, run as they would. Ranks of one place in the split are alike, so one of each runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import prod

import torch
import torch.distributed as dist
from torch.testing._internal.distributed.fake_pg import FakeStore

from archdsl.api import build
from archdsl.cost import Costs
from archdsl.devices.local import group_mesh, local
from archdsl.devices.processes import ProcessLink
from archdsl.devices.traffic_counted import Call, Counting
from archdsl.devices.transfers import linked
from archdsl.devices.weights import sum_gradients
from archdsl.ir.graph import Program
from archdsl.record import Record

BUCKET = 25 * 1024**2
"""Bytes of gradients that DDP sums in one call, about (`bucket_cap_mb`)."""


class RankStep(Record):
    """Of one rank, in one step.

    calls:       the collectives in the order in which it calls them: those of its split, then of the data axis.
    macs:        multiply-accumulates of the forward pass.
    weights:     bytes of parameters and buffers.
    activations: bytes of all results, which are kept until the backward pass.
    """

    rank: int
    calls: Sequence[Call]
    macs: int
    weights: int
    activations: int

    @property
    def sent(self) -> Fraction:
        return sum((call.sent for call in self.calls), Fraction(0))

    @property
    def sequence(self) -> tuple[tuple[str, int], ...]:
        """What must be the same on all ranks of a group."""
        return tuple((call.kind, call.size) for call in self.calls)

    @property
    def memory(self) -> int:
        """Weights, their gradients and momentum, activations."""
        return 3 * self.weights + self.activations


def steps(program: Program, worlds: Sequence[int], samples: int, batch_name: str = "N") -> dict[int, list[RankStep]]:
    """The step of each kind of rank, for each number of ranks, with `samples` for each replica.

    With even shares the first and the last of a split are run, else all. Raises `NotLocal`.
    """
    mesh = group_mesh(program)
    size = mesh.size if mesh is not None else 1
    for world in worlds:
        if world % size:
            raise ValueError(f"{world} ranks are no multiple of the {size} of {mesh}")
    splits = [node.place.split for _, node, _ in program.graph.walk() if node.place.split is not None]
    places = sorted({0, size - 1}) if all(split.even for split in splits) else range(size)
    found: dict[int, list[RankStep]] = {world: [] for world in worlds}
    for place in places:
        for world, step in _steps(program, worlds, size, place, samples, batch_name):
            found[world].append(step)
    return found


def _steps(
    program: Program, worlds: Sequence[int], size: int, place: int, samples: int, batch_name: str
) -> Iterator[tuple[int, RankStep]]:
    """What the rank at a place of the first split does: the split's own part once, then the data axis of each world."""
    own = local(program, place) if size > 1 else None
    part = own.program if own is not None else program
    sizes = {**program.nominal, batch_name: samples}
    total = Costs(Program(part.title, part.graph, sizes, (), part.domain, part.source)).total
    dist.init_process_group("fake", store=FakeStore(), rank=place, world_size=max(worlds))
    try:
        link = ProcessLink(_group(range(size)))
        module = build(part, device="meta")
        if own is not None:
            sum_gradients(module, own, link)
        shapes = [value.shape for value in part.graph.inputs if value.shape]
        inputs = [torch.empty(shape.at(sizes), device="meta") for shape in shapes]
        with Counting() as split, linked(link):
            result = module(*inputs)
            (result if isinstance(result, torch.Tensor) else result[0]).sum().backward()  # pyright: ignore[reportUnknownMemberType]
        for world in worlds:
            with Counting() as data:
                if world > size:
                    group = _group(range(place, world, size))
                    for bucket in _buckets(module):
                        dist.all_reduce(bucket, group=group)
            calls = [*split.calls, *data.calls]
            yield world, RankStep(place, calls, total.macs, total.state_bytes, total.activation_bytes)
    finally:
        dist.destroy_process_group()


def _group(ranks: Sequence[int]) -> dist.ProcessGroup:
    group = dist.new_group(list(ranks))
    assert isinstance(group, dist.ProcessGroup), "this rank is one of them"
    return group


def _buckets(module: torch.nn.Module) -> list[torch.Tensor]:
    """Gradients as DDP puts them together, in the order in which they become ready: that of the backward pass."""
    buckets: list[torch.Tensor] = []
    numbers = 0
    for parameter in reversed([one for one in module.parameters() if one.requires_grad]):
        numbers += prod(parameter.shape)
        if numbers * 4 >= BUCKET:
            buckets.append(torch.empty(numbers, device="meta"))
            numbers = 0
    return [*buckets, torch.empty(numbers, device="meta")] if numbers else buckets


class Machine(Record):
    """A device and its link: a call among n takes latency x (n - 1) and sent / bandwidth (alpha-beta, rings).

    flops:     that a device really does a second.
    latency:   seconds from one device to the next (alpha).
    bandwidth: bytes a second that a device sends (1 / beta).
    """

    flops: float = 20e12
    latency: float = 5e-6
    bandwidth: float = 16e9


def seconds(step: RankStep, machine: Machine) -> tuple[float, float]:
    """A rank's time to compute, and to exchange: neither hides the other. The backward pass computes twice the
    forward's; an all-reduce is two rounds of a ring, the others one."""
    compute = 3 * 2 * step.macs / machine.flops
    rounds = sum((call.size - 1) * (2 if call.kind == "all_reduce" else 1) for call in step.calls)
    return compute, rounds * machine.latency + float(step.sent) / machine.bandwidth
