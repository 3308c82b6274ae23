"""The best plan by trying all: every chain of sets of units, with costs summed over steps and values as they come.

It shares `Units` and `Measured` with the planner, and nothing of cuts, sums, search or choice.
"""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.devices.plan.choose import Network, Request
from archdsl.devices.plan.flow import Flowing
from archdsl.devices.plan.solve import Terms

Stages = list[frozenset[int]]


def stage_lists(network: Network, most: int) -> Iterator[Stages]:
    """All ways to divide the units into at most so many stages, in an order in which they can run."""
    units = network.units.units
    everything = frozenset(range(len(units)))
    downsets = [frozenset[int]()]
    for unit in units:  # in an order in which they can run: a set with the unit holds all that it needs
        downsets += [before | {unit.number} for before in downsets if unit.needs <= before]

    def extend(before: frozenset[int], left: int) -> Iterator[Stages]:
        if before == everything:
            yield []
        elif left:
            for behind in downsets:
                if before < behind and whole(behind):
                    for rest in extend(behind, left - 1):
                        yield [behind - before, *rest]

    def whole(behind: frozenset[int]) -> bool:
        return all(group <= behind or not group & behind for group in network.units.together)

    yield from extend(frozenset(), most)


def times(network: Network, terms: Terms, microbatch: int, stages: Stages) -> tuple[list[float], list[int]] | None:
    """Each stage's time for a microbatch, and the bytes that it trains; None if one needs more memory than there is."""
    found, trained, held = costs(network, terms, microbatch, stages)
    return None if max(held) > terms.machine.memory else (found, trained)


def costs(network: Network, terms: Terms, microbatch: int, stages: Stages) -> tuple[list[float], list[int], list[int]]:
    """Of each stage: its time for a microbatch, the bytes that it trains, and those that it holds."""
    machine = terms.machine
    measured = network.measured(microbatch)
    found: list[float] = []
    trained: list[int] = []
    memory: list[int] = []
    for place, stage in enumerate(stages):
        parts = [measured.steps[step] for unit in stage for step in network.units.units[unit].steps]
        trained.append(sum(cost.trained_bytes for cost in parts))
        entering, leaving = crossing(network, stages[:place]), crossing(network, stages[: place + 1])
        moved = sum(
            measured.bytes(value) * (2 if value.trained else 1)
            for values in (entering if place else [], leaving)
            for value in values
        )
        told = sum(cost.sent_bytes for cost in parts)
        found.append(sum(cost.flops for cost in parts) / machine.flops + (told + moved) / machine.link)
        many = terms.microbatches
        flying = many if terms.schedule == "gpipe" else min(many, len(stages) - place)
        held = sum(cost.kept_bytes for cost in parts) + sum(map(measured.bytes, entering))
        held += sum(measured.bytes(value) for value in leaving if not measured.kept(value))
        state = sum(cost.state_bytes for cost in parts)
        optimizer = {"sgd": 0, "momentum": 1, "adam": 2}[machine.optimizer]
        memory.append(state + (1 + optimizer) * trained[-1] + flying * held)
    return found, trained, memory


def seconds(network: Network, request: Request, stages: Stages, replicas: int, microbatches: int) -> float | None:
    """A step's time; None if it needs more memory than there is."""
    terms = Terms(request.machine, request.schedule, microbatches)
    found = times(network, terms, request.batch // replicas // microbatches, stages)
    if found is None:
        return None
    reduce = 2 * (replicas - 1) / replicas * max(found[1]) / request.machine.link
    return (microbatches + len(stages) - 1) * max(found[0]) + reduce


def slowest(network: Network, terms: Terms, microbatch: int, most: int) -> float | None:
    """The least time of the slowest of at most so many stages."""
    found = [times(network, terms, microbatch, stages) for stages in stage_lists(network, most)]
    return min((max(each[0]) for each in found if each is not None), default=None)


def crossing(network: Network, before: Stages) -> list[Flowing]:
    """The values that are there before a place and read behind it."""
    units = network.units
    inside = frozenset[int]().union(*before)
    if len(inside) == len(units.units):
        return []
    return [
        value
        for value, readers in units.readers.items()
        if (value.maker < 0 or units.of[value.maker] in inside) and not readers <= inside
    ]


def best(network: Network, request: Request) -> float | None:
    """The shortest step over all replicas and stages; microbatches by the planner's rule: the fewest, of at least four
    for each stage that there may be, with which anything fits."""
    found: list[float] = []
    lines = request.devices // network.width
    for replicas in range(1, lines + 1):
        if request.batch % replicas:
            continue
        own = request.batch // replicas
        most = min(lines // replicas, len(network.units.units))
        counts = [m for m in range(1, own + 1) if own % m == 0 and (most == 1 or m >= 4 * most)] or [own]
        if request.microbatches is not None:
            counts = [request.microbatches] if own % request.microbatches == 0 else []
        for microbatches in counts:
            steps = [
                step
                for stages in stage_lists(network, most)
                if (step := seconds(network, request, stages, replicas, microbatches)) is not None
            ]
            if steps:
                found.append(min(steps))
                break
    return min(found, default=None)
