"""A plan: which steps lie on which stage, how often the stages are there, and what that is predicted to cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

from archdsl.devices.plan.choose import Choice, Network, Request, ring_bytes
from archdsl.devices.plan.cuts import Cut
from archdsl.devices.plan.flow import Around, Step
from archdsl.devices.plan.machine import Machine
from archdsl.emit.layout import shown_file
from archdsl.ir.graph import Program
from archdsl.record import Record
from archdsl.weights.origin import Origin


class Stage(Record):
    """One stage. Bytes and seconds are those of one device of it, and of one step of training.

    steps:          paths of its steps; a scope's where all of its steps are here.
    compute_seconds, split_seconds, transfer_seconds: for all microbatches.
    split_bytes:    what it sends to the other devices of its split, forward and backward.
    activation_bytes: what is kept for backward passes, for all microbatches in flight.
    exchanged_bytes: what it sends to and receives from the stages beside it: values forward, gradients back.
    reduced_bytes:  what it sends to sum its gradients with those of the other replicas.
    """

    steps: tuple[str, ...]
    compute_seconds: float
    split_seconds: float
    transfer_seconds: float
    weight_bytes: int
    gradient_bytes: int
    optimizer_bytes: int
    activation_bytes: int
    split_bytes: int
    exchanged_bytes: int
    reduced_bytes: int

    @property
    def memory_bytes(self) -> int:
        return self.weight_bytes + self.gradient_bytes + self.optimizer_bytes + self.activation_bytes


class Made(Record):
    """For which network a plan is made: as in `Origin`, the files by their hashes."""

    network: str
    file: str
    sha256: str
    params: Mapping[str, str]
    imports: Mapping[str, str]

    @staticmethod
    def of(program: Program) -> Made:
        from archdsl.source import sha256

        origin = Origin.of_program(program)
        imports = {name: sha256(text) for name, text in origin.imports.items()}
        return Made(program.title, shown_file(program.source.name), origin.sha256, dict(origin.params), imports)


class Over(Record):
    """The mesh over which the spec splits the network, and how many devices that is: each stage is on so many."""

    mesh: str
    devices: int


class Plan(Record):
    """`devices` are those there are; a plan may leave some of them alone where more don't help.

    split:        None where the spec has none.
    step_seconds: predicted for one step of training; `reduce_seconds` of it are for the sum of gradients.
    bubble:       the part of the pipeline's time in which its devices wait.
    """

    made: Made
    devices: int
    batch: int
    split: Over | None
    replicas: int
    microbatches: int
    schedule: str
    machine: Machine
    stages: tuple[Stage, ...]
    step_seconds: float
    reduce_seconds: float
    bubble: float

    @property
    def microbatch(self) -> int:
        return self.batch // self.replicas // self.microbatches

    @property
    def width(self) -> int:
        """The devices of a stage."""
        return 1 if self.split is None else self.split.devices

    @property
    def used(self) -> int:
        """The devices that have something to do."""
        return len(self.stages) * self.replicas * self.width


def describe(network: Network, request: Request, choice: Choice) -> Plan:
    """The plan that a choice is."""
    cuts = choice.solver.listed
    scopes = Counter(scope for step in network.flow.steps for scope in scopes_of(step))
    parts = [
        [network.flow.steps[number] for unit in cuts.between(*ends) for number in network.units.units[unit].steps]
        for ends in pairwise(choice.split.cuts)
    ]
    stages = tuple(
        _stage(choice, place, ends, addresses(part, scopes))
        for place, (ends, part) in enumerate(zip(pairwise(choice.split.cuts), parts))
    )
    return Plan(
        Made.of(network.program),
        request.devices,
        request.batch,
        None if network.mesh is None else Over(network.mesh.name, network.mesh.size),
        choice.replicas,
        choice.microbatches,
        request.schedule,
        request.machine,
        stages,
        choice.seconds,
        choice.reduce_seconds,
        choice.bubble,
    )


def _stage(choice: Choice, place: int, ends: tuple[Cut, Cut], steps: tuple[str, ...]) -> Stage:
    before, behind = ends
    terms = choice.solver.terms
    machine = terms.machine
    trained = behind.trained - before.trained
    crossing = before.exchanged + behind.exchanged
    held = behind.kept - before.kept + before.sent + behind.sent_alone
    return Stage(
        steps,
        choice.microbatches * (behind.flops - before.flops) / machine.flops,
        choice.microbatches * (behind.told - before.told) / machine.link,
        choice.microbatches * crossing / machine.link,
        behind.state - before.state,
        trained,
        machine.OPTIMIZERS[machine.optimizer] * trained,
        terms.in_flight(choice.split.stages - place) * held,
        choice.microbatches * (behind.told - before.told),
        choice.microbatches * crossing,
        round(ring_bytes(trained, choice.replicas)),
    )


def addresses(steps: Iterable[Step], scopes: Mapping[Around, int]) -> tuple[str, ...]:
    """The addresses of steps; in place of all steps of a scope that scope's."""
    listed = list(steps)
    here = Counter(scope for step in listed for scope in scopes_of(step))
    found: dict[str, None] = {}
    for step in listed:
        whole = [scope for scope in scopes_of(step) if scope.address and here[scope] == scopes[scope]]
        found[whole[-1].address if whole else step.address] = None
    return tuple(found)


def scopes_of(step: Step) -> Iterable[Around]:
    """Those around a step, the innermost first."""
    around: Around | None = step.around
    while around is not None:
        yield around
        around = around.outer
