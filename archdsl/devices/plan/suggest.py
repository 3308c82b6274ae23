"""Where a `split` would pay: layers that, divided over several devices, make the predicted step shorter.

A plan leaves the network alone, so this is only said. What is looked at keeps the function (see `divide.py`): linear
layers alone, as in "one weird trick" (Krizhevsky 2014), and all layers for which it pays by itself, which is where what
the devices need not compute and sum takes longer than what they exchange:

    (1 - 1/k) (FLOPs of the samples / flops + 2 (r - 1) / r x gradient bytes / link) > 2 (k - 1) / k x bytes made / link

with k devices for each of r replicas. The networks so divided are planned like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import inf

from archdsl.cost import Costs
from archdsl.devices.local_ops import NotLocal
from archdsl.devices.plan.ask import Answer, best
from archdsl.devices.plan.choose import Network, Request, divisors, ring_bytes
from archdsl.devices.plan.divide import divided, evenly, runs
from archdsl.devices.plan.measure import at_batch
from archdsl.devices.plan.solve import Effort
from archdsl.devices.traffic import Traffic, traffic
from archdsl.emit.layout import shown_file
from archdsl.ir.bodies import bodies_first
from archdsl.ir.graph import Program, Scope
from archdsl.ir.shares import Mesh
from archdsl.record import Record
from archdsl.source import Span

FLOPS_A_MAC = 6
"""Forward and backward, at most."""
GAIN = 0.95
"""What a step takes with the split is at most this part of what it takes without: less is not worth another spec."""


class Suggestion(Record):
    """A split of some layers.

    program: the network with it; `spans`: the layers, as they are written; `braces`: what to write.
    answer:  how that is planned.
    traffic: what a replica's devices exchange.
    """

    program: Program
    mesh: Mesh
    spans: tuple[Span, ...]
    braces: tuple[Braces, ...]
    answer: Answer
    traffic: Traffic


class _Divisible(Record):
    """A layer of the text, summed over all its places in the network, for one sample."""

    macs: int
    trained_bytes: int
    made_bytes: int
    dense: bool


class Braces(Record):
    """A pair of braces to be written: around which lines, and before which of them an exchange."""

    file: str
    first: int
    last: int
    exchanges: tuple[int, ...]


def suggestion(answer: Answer) -> Suggestion | None:
    """The split that makes the step shortest, if one makes it shorter; None for a network that has one."""
    return suggested(answer.network, answer.request, answer.choice.seconds * GAIN)


def suggested(network: Network, request: Request, seconds: float = inf) -> Suggestion | None:
    """The split with which the step is shortest, if that is less than so many seconds."""
    shortest: Suggestion | None = None
    if network.mesh is not None:
        return None
    effort = Effort(500_000)
    for size in divisors(request.devices)[1:]:
        mesh = Mesh(_name(network.program, size), (size,))
        known = _divisible(network.program, network.batch_name, mesh)
        for spans in _choices(known, request, size):
            if effort.spent or _at_least(network, request, known, spans, size) >= seconds:
                continue
            found = _with_split(network, request, mesh, spans, effort)
            if found is not None and found.answer.choice.seconds < seconds:
                shortest, seconds = found, found.answer.choice.seconds
    return shortest


def _with_split(
    network: Network, request: Request, mesh: Mesh, spans: tuple[Span, ...], effort: Effort
) -> Suggestion | None:
    program = divided(network.program, mesh, spans)
    try:
        parts = Network(program, network.batch_name, mesh.size / request.devices, mesh)
    except NotLocal:
        return None
    parts.unstaged = network.unstaged
    answer = best(parts, request, effort)
    if answer is None:
        return None
    braces = tuple(_braces(network.program, mesh, spans))
    return Suggestion(program, mesh, spans, braces, answer, traffic(program, network.batch_name))


def _braces(program: Program, mesh: Mesh, spans: tuple[Span, ...]) -> Iterator[Braces]:
    """In the order of the text; a block's once, however often it is called."""
    found: dict[tuple[str, int, int], Braces] = {}
    for graph in bodies_first(program.graph):
        for run in runs(graph, evenly(mesh), spans):
            first, last = run.steps[0].place.span, run.steps[-1].place.span
            exchanges = tuple(dict.fromkeys(step.place.span.line for step in run.behind_exchange))
            made = Braces(shown_file(first.source.name), first.line, last.line, exchanges)
            found[made.file, made.first, made.last] = made
    return (found[place] for place in sorted(found))


def _name(program: Program, size: int) -> str:
    """Of a mesh that the spec declares with so many devices, or one that nothing in it has."""
    text = program.source.text
    declared = re.search(rf"^mesh ([a-z_]\w*)\[{size}\]", text, re.MULTILINE)
    if declared:
        return declared[1]
    name = "gpus"
    while name in text:
        name += "_"
    return name


def _divisible(program: Program, batch_name: str, mesh: Mesh) -> Mapping[Span, _Divisible]:
    """By where it is written, what each layer costs that can be divided."""
    costs = Costs(at_batch(program, batch_name, 1))
    bodies = list(bodies_first(program.graph))
    calls = {program.graph: 1}
    found: dict[Span, list[_Divisible]] = {}
    for graph in reversed(bodies):
        for node in graph.nodes:
            if isinstance(node, Scope):
                calls[node.graph] = calls.get(node.graph, 0) + calls[graph]
        for run in runs(graph, evenly(mesh)):
            for layer, made in run.layers:
                cost, many = costs.node(layer), calls[graph]
                sizes = cost.macs * many, cost.trained_bytes * many, costs.bytes(made.shape) * many
                each = _Divisible(*sizes, layer.op.role == "dense")
                found.setdefault(layer.place.span, []).append(each)
    return {span: _sum(layers) for span, layers in found.items()}


def _sum(layers: Sequence[_Divisible]) -> _Divisible:
    macs, trained, made = (
        sum(getattr(layer, name) for layer in layers) for name in ("macs", "trained_bytes", "made_bytes")
    )
    return _Divisible(macs, trained, made, layers[0].dense)


def _choices(known: Mapping[Span, _Divisible], request: Request, size: int) -> list[tuple[Span, ...]]:
    """Which layers to divide: the linear ones; those for which it pays."""
    linear = tuple(span for span, layer in known.items() if layer.dense)
    paying = tuple(span for span, layer in known.items() if _pays(layer, request, size))
    return [spans for spans in dict.fromkeys((linear, paying)) if spans]


def _pays(layer: _Divisible, request: Request, size: int) -> bool:
    machine, replicas = request.machine, request.devices // size
    samples = request.batch / replicas
    flops = FLOPS_A_MAC * layer.macs * samples
    spared = flops / machine.flops + ring_bytes(layer.trained_bytes, replicas) / machine.link
    return (1 - 1 / size) * spared > 2 * (size - 1) / size * layer.made_bytes * samples / machine.link


def _at_least(
    network: Network, request: Request, known: Mapping[Span, _Divisible], spans: tuple[Span, ...], size: int
) -> float:
    """What no step is below: every device computes its part of these layers, and all of the others."""
    samples = max(1, request.batch * size // request.devices)
    spared = FLOPS_A_MAC * sum(known[span].macs for span in spans) * samples * (1 - 1 / size)
    return (network.flops(samples) - spared) / request.machine.flops
