"""What else could be done with the same devices, by the same predictions, and from which batch on it is better."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from archdsl.devices.plan.choose import Choice, Network, Request, choose, microbatch_counts
from archdsl.devices.plan.cuts import Cut
from archdsl.devices.plan.solve import Effort, Solver, Terms
from archdsl.record import Record

FURTHEST = 64
"""How many times larger or smaller the batches are that are looked at."""


class Rival(Record):
    """Another way to use the devices, each stage on `width` of them. `memory_bytes`: of the device that needs most;
    `fits`: there is so much."""

    name: str
    stages: int
    replicas: int
    width: int
    seconds: float
    memory_bytes: int
    fits: bool


class Turn(Record):
    """The nearest batch, of those that are 2, 4, ... times larger or smaller, at which another choice is best; None
    for `stages`: nothing fits."""

    batch: int
    stages: int | None
    replicas: int | None


def rivals(network: Network, request: Request, choice: Choice) -> Iterator[Rival]:
    """One device, replicas alone, and stages of equal size: as many as chosen, or one on each device. For a network
    that is split the first two are without its split."""
    whole, lines = network, request.devices // network.width
    if network.mesh is not None:
        whole = Network(network.program, network.batch_name, 1 / request.devices)
    yield from _replicas(whole, request, "one device", 1)
    if request.devices > 1 and request.batch % request.devices == 0:
        yield from _replicas(whole, request, "replicas alone", request.devices)
    if whole is not network and lines > 1 and request.batch % lines == 0:
        yield from _replicas(network, request, "replicas of the split", lines)
    stages, replicas = choice.split.stages, choice.replicas
    if stages == 1:
        stages, replicas = lines, 1
    for name, size in (("equal steps", _steps), ("equal parameters", _trained)):
        yield from _equal(network, request, name, stages, replicas, size)


def turns(network: Network, request: Request, choice: Choice) -> Iterator[Turn]:
    """Up and down from the batch asked for, as far as some effort leads."""
    effort = Effort(1_000_000)
    now = choice.split.stages, choice.replicas
    for up in (False, True):
        factor = 2
        while factor <= FURTHEST:
            batch = request.batch * factor if up else request.batch // factor
            if batch * factor != request.batch and not up:
                break
            other = choose(network, Request(request.devices, batch, request.machine, request.schedule), effort)
            if effort.spent:
                return
            if other is None:
                yield Turn(batch, None, None)
                break
            if (other.split.stages, other.replicas) != now:
                yield Turn(batch, other.split.stages, other.replicas)
                break
            factor *= 2


def _replicas(network: Network, request: Request, name: str, replicas: int) -> Iterator[Rival]:
    """The whole network on each device."""
    count = next(iter(microbatch_counts(network, request, replicas, 1)), None)
    if count is not None:
        yield _rival(network, request, name, replicas, count, [])


def _equal(
    network: Network,
    request: Request,
    name: str,
    stages: int,
    replicas: int,
    size: Callable[[Network, int], Callable[[Cut], int]],
) -> Iterator[Rival]:
    """Cut in the order of the text where a measure comes nearest to equal parts."""
    count = next(iter(microbatch_counts(network, request, replicas, stages)), None)
    if count is None or stages < 2 or network.unstaged:
        return
    cuts = network.cuts(request.batch // replicas // count, in_order=True).cuts
    if len(cuts) <= stages:
        return
    measure = size(network, request.batch // replicas // count)
    total = measure(cuts[-1])
    inner: list[Cut] = []
    for part in range(1, stages):
        at_least = cuts.index(inner[-1]) + 1 if inner else 1
        free = cuts[at_least : len(cuts) - (stages - part)]
        inner.append(min(free, key=lambda cut: abs(measure(cut) * stages - total * part)))
    yield _rival(network, request, name, replicas, count, inner)


def _steps(network: Network, microbatch: int) -> Callable[[Cut], int]:
    cuts = network.cuts(microbatch, in_order=True)
    counts = {id(cuts.cuts[0]): 0}
    for before, cut in pairwise(cuts.cuts):
        here = sum(len(network.units.units[unit].steps) for unit in cuts.between(before, cut))
        counts[id(cut)] = counts[id(before)] + here
    return lambda cut: counts[id(cut)]


def _trained(network: Network, microbatch: int) -> Callable[[Cut], int]:
    return lambda cut: cut.trained


def _rival(network: Network, request: Request, name: str, replicas: int, microbatches: int, inner: list[Cut]) -> Rival:
    microbatch = request.batch // replicas // microbatches
    cuts = network.cuts(microbatch, in_order=True)
    solver = Solver(cuts, Terms(request.machine, request.schedule, microbatches))
    places = {id(cut): place for place, cut in enumerate(solver.cuts)}
    path = [0, *(places[id(cut)] for cut in inner), len(solver.cuts) - 1]
    split = solver.along(path)
    choice = Choice(solver, split, replicas, microbatches, microbatch)
    held = max(solver.memory(a, b, split.stages - place) for place, (a, b) in enumerate(pairwise(path)))
    return Rival(name, split.stages, replicas, network.width, choice.seconds, held, held <= request.machine.memory)
