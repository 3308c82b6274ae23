"""The choice of replicas, stages and microbatches: the shortest predicted step.

A step takes (M + S - 1) times the slowest stage for one microbatch, with M microbatches and S stages (Huang et al.
2019, "GPipe", section 2.3; the same for 1F1B, Narayanan et al. 2019, "PipeDream", and 2021, section 2.2.1), of which
the part (S - 1) / (M + S - 1) is the bubble; then the replicas of a stage sum their gradients in a ring, which moves
2 (r - 1) / r of their bytes over each link (Patarasuk and Yuan 2009, "Bandwidth Optimal All-reduce Algorithms").
"""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.devices.plan.cuts import Cuts, interpolated
from archdsl.devices.plan.flow import Flow
from archdsl.devices.plan.machine import Machine
from archdsl.devices.plan.measure import Costed, Measured
from archdsl.devices.plan.parts import Parts
from archdsl.devices.plan.solve import NEAR, Effort, Solver, Split, Terms
from archdsl.devices.plan.units import Units
from archdsl.ir.graph import Program
from archdsl.ir.shares import Mesh
from archdsl.record import Record

ENOUGH = 4
"""Microbatches a stage: from there on GPipe's authors found the bubble to be negligible (section 2.3)."""


class Request(Record):
    """What is asked for. `microbatches` None: chosen."""

    devices: int
    batch: int
    machine: Machine = Machine()
    schedule: str = "1f1b"
    microbatches: int | None = None


class Choice(Record):
    """A split, how often it is there, and how the batch is divided."""

    solver: Solver
    split: Split
    replicas: int
    microbatches: int
    microbatch: int

    @property
    def reduce_seconds(self) -> float:
        """For the all-reduce of the gradients of the stage that trains most."""
        return ring_bytes(self.split.trained, self.replicas) / self.solver.terms.machine.link

    @property
    def pipeline_seconds(self) -> float:
        return (self.microbatches + self.split.stages - 1) * self.split.slowest

    @property
    def seconds(self) -> float:
        """Of a step."""
        return self.pipeline_seconds + self.reduce_seconds

    @property
    def bubble(self) -> float:
        """The part of the pipeline's time in which a device waits for others to fill or to drain it."""
        return (self.split.stages - 1) / (self.microbatches + self.split.stages - 1)


def ring_bytes(size: int, replicas: int) -> float:
    """What each of several replicas sends when they sum so many bytes."""
    return 2 * (replicas - 1) / replicas * size


class Network:
    """A network as plans see it: its costs at the microbatches asked for, each computed once.

    mesh: the devices over which the spec splits it, so that each stage is on so many; None: it is taken as the network
          on one device, whatever the spec says.
    """

    def __init__(self, program: Program, batch_name: str, share: float, mesh: Mesh | None = None) -> None:
        """`share`: of the whole network's FLOPs, what is not to be opened. Raises `NotLocal`."""
        self.program = program
        self.batch_name = batch_name
        self.flow = Flow(program)
        self.mesh = mesh
        self._parts = None if mesh is None else Parts(self.flow, mesh, batch_name)
        self._measured: dict[int, Costed] = {}
        self._nominal = program.nominal[batch_name]
        self._line: tuple[int, float] | None = None
        smallest = self.measured(self._nominal)
        total = sum(cost.flops for cost in smallest.steps)
        self.units = Units(self.flow, smallest, total * share, apart=mesh is not None)
        self.unstaged = ""
        """Why no pipeline can run it, so that it stays on one stage; "": one can."""
        self.exact = True
        """Nothing was left out so far for want of time."""
        self._cuts: dict[bool, dict[int, Cuts]] = {}
        self._affine: dict[bool, bool] = {}
        """Whether all costs grow with the microbatch along straight lines, so that two sizes tell of all others."""

    def allows(self, microbatch: int) -> bool:
        """Whether the spec lets a batch have that size."""
        return self.program.domain.allows(self.batch_name, microbatch)

    @property
    def width(self) -> int:
        """How many devices each stage is on."""
        return 1 if self.mesh is None else self.mesh.size

    def flops(self, samples: int) -> float:
        """What a pass over so many takes at least: FLOPs grow along a straight line, or faster."""
        if self._line is None:
            first, second = (sum(cost.flops for cost in self.measured(n * self._nominal).steps) for n in (1, 2))
            self._line = first, (second - first) / self._nominal
        first, rise = self._line
        more = samples - self._nominal
        return first if 0 < more < self._nominal else first + rise * more

    def measured(self, microbatch: int) -> Costed:
        if microbatch not in self._measured:
            self._measured[microbatch] = (
                Measured(self.flow, self.batch_name, microbatch)
                if self._parts is None
                else self._parts.measured(self.batch_name, microbatch)
            )
        return self._measured[microbatch]

    def cuts(self, microbatch: int, *, in_order: bool = False) -> Cuts:
        """All cuts; `in_order`: those that divide the text in two."""
        known = self._cuts.setdefault(in_order, {})
        if microbatch not in known:
            cuts = self._interpolated(microbatch, known) if self._affine.get(in_order) else None
            known[microbatch] = cuts or Cuts(self.units, self.measured(microbatch), in_order=in_order)
            if cuts is None and len(known) == 3:
                *sizes, last = known
                guess = interpolated(last, {size: known[size] for size in sizes})
                self._affine[in_order] = guess.sums() == known[last].sums()
        return known[microbatch]

    def _interpolated(self, microbatch: int, known: dict[int, Cuts]) -> Cuts:
        sizes = list(known)[:2]
        return interpolated(microbatch, {size: known[size] for size in sizes})


def choose(network: Network, request: Request, limit: Effort | None = None) -> Choice | None:
    """The best choice; None if nothing fits in the devices' memory. Where a `limit` is given and spent, what was found
    until then."""
    effort = limit or Effort()
    best = _among(network, request, None, effort)
    if effort.spent and limit is None:
        # Too many cuts to try all: those in the order of the text at least are few.
        network.exact = False
        return _among(network, request, best, Effort(), in_order=True)
    return best


def _among(
    network: Network, request: Request, best: Choice | None, effort: Effort, *, in_order: bool = False
) -> Choice | None:
    """The best choice, if it is better than what is known."""
    # Many replicas of few stages first: they are soon found, and rule out most of the rest.
    for replicas in reversed(divisors(request.batch)):
        if effort.spent and not (in_order and best is None):
            break
        stages = _most_stages(network, request, replicas)
        if not stages or (best is not None and _at_least(network, request, replicas, stages) > best.seconds):
            continue
        for microbatches in microbatch_counts(network, request, replicas, stages):
            solver = _solver(network, request, replicas, microbatches, effort, in_order=in_order)
            if solver.reach(float("inf"), stages) is not None:
                search = _Search(solver, replicas, request.batch // replicas // microbatches, best)
                best = search.run(stages)
                break
    return best


def _at_least(network: Network, request: Request, replicas: int, stages: int) -> float:
    """What no step of so many replicas is below, in at most so many stages: equal parts of compute, and no bubble."""
    return network.flops(request.batch // replicas) / request.machine.flops / stages


def _most_stages(network: Network, request: Request, replicas: int) -> int:
    """As many as there are devices, and units, for."""
    if network.unstaged:
        return min(1, request.devices // network.width // replicas)
    return min(request.devices // network.width // replicas, len(network.units.units))


def _solver(
    network: Network,
    request: Request,
    replicas: int,
    microbatches: int,
    effort: Effort | None = None,
    *,
    in_order: bool = False,
) -> Solver:
    cuts = network.cuts(request.batch // replicas // microbatches, in_order=in_order)
    return Solver(cuts, Terms(request.machine, request.schedule, microbatches), effort)


def microbatch_counts(network: Network, request: Request, replicas: int, stages: int) -> Iterator[int]:
    """Into how many microbatches the batch of a replica may be divided, the fewest first: others only serve where
    memory does not suffice."""
    own = request.batch // replicas
    counts = [request.microbatches] if request.microbatches is not None else divisors(own)
    allowed = [count for count in counts if own % count == 0 and network.allows(own // count)]
    enough = [count for count in allowed if request.microbatches or stages == 1 or count >= ENOUGH * stages]
    yield from enough or allowed[-1:]


def divisors(number: int) -> list[int]:
    """In order."""
    small = [i for i in range(1, int(number**0.5) + 1) if number % i == 0]
    return small + [number // i for i in reversed(small) if i * i != number]


class _Search:
    """For each number of stages, the most promising first: the slowest stage against the gradients to be summed."""

    def __init__(self, solver: Solver, replicas: int, microbatch: int, best: Choice | None) -> None:
        self.solver = solver
        self.replicas = replicas
        self.microbatches = solver.terms.microbatches
        self.microbatch = microbatch
        self.best = best
        self.floor = 0.0
        """The least time of the slowest stage, however many there are."""

    def run(self, most: int) -> Choice | None:
        """The best of at most so many stages, or what was known if none is better."""
        # No number of stages is faster than the most of them; often that alone rules out all.
        fastest = self.solver.fastest(most, self._below_any(most))
        if fastest is None:
            return self.best
        self.floor = fastest.slowest
        self._keep(fastest)
        for stages in sorted(range(1, most + 1), key=self._at_least):
            least = self._equal(stages)
            below = self._below(stages, least)
            if below <= self._floor(stages) or self.solver.effort.spent:
                break
            found = self.solver.fastest(stages, below, floor=self.floor)
            if found is not None:
                self._keep(found)
                if self.replicas > 1:
                    self._trade(stages, least, found.trained - 1)
        return self.best

    def _floor(self, stages: int) -> float:
        """What the slowest of so many stages takes at least: their equal share, and what it takes with the most."""
        return max(self.floor, self.solver.compute[-1] / stages)

    def _at_least(self, stages: int) -> float:
        """What no step of so many stages is below."""
        return (self.microbatches + stages - 1) * self._floor(stages) + self._reduced(self._equal(stages))

    def _equal(self, stages: int) -> int:
        """What the largest of so many stages trains at least."""
        return -(-self.solver.cuts[-1].trained // stages)

    def _reduced(self, trained: int) -> float:
        """The seconds to sum so many bytes of gradients."""
        return ring_bytes(trained, self.replicas) / self.solver.terms.machine.link

    def _below(self, stages: int, trained: int) -> float:
        """What a stage may take at most, for a step to be better than the best if its stages train so many bytes."""
        if self.best is None:
            return float("inf")
        return (self.best.seconds * (1 - NEAR) - self._reduced(trained)) / (self.microbatches + stages - 1)

    def _below_any(self, most: int) -> float:
        """The same whatever the number of stages. Together they take at least what one would, so with a slowest of t
        there are C / t of them, and a step takes (M + C / t - 1) t = (M - 1) t + C."""
        below = self._below(1, self._equal(most))
        if self.microbatches == 1:
            return below
        rest = below * self.microbatches - self.solver.compute[-1]
        return min(below, max(0.0, rest) / (self.microbatches - 1))

    def _trade(self, stages: int, least: int, most: int) -> None:
        """Let stages be slower, for fewer bytes of gradients in the largest: between these two, by halves."""
        if least > most or self.solver.effort.spent:
            return
        below = self._below(stages, least)
        alike = self._reduced(most) - self._reduced(least) <= NEAR * below
        search = self.solver.fastest if alike else self.solver.any
        found = search(stages, below, most)
        if found is None:
            return  # nor is any of the rest better
        self._keep(found)
        if not alike:
            middle = (least + most) // 2
            self._trade(stages, least, middle)
            self._trade(stages, middle + 1, most)

    def _keep(self, split: Split) -> None:
        choice = Choice(self.solver, split, self.replicas, self.microbatches, self.microbatch)
        if self.best is None or choice.seconds < self.best.seconds * (1 - NEAR):
            self.best = choice


def least_memory(network: Network, request: Request) -> int | None:
    """The smallest memory of a device with which there is a plan, to a thousandth; None: the batch can't be divided."""
    least: int | None = None
    for replicas in divisors(request.batch):
        stages = _most_stages(network, request, replicas)
        if not stages:
            break
        for microbatches in list(microbatch_counts(network, request, replicas, stages))[-1:]:
            least = _least(_solver(network, request, replicas, microbatches), stages, least)
    return least


def _least(solver: Solver, stages: int, known: int | None) -> int | None:
    """The same for a number of replicas, or what is known if that is about as small."""
    low, high = 0, 1 << 62 if known is None else known - known // 1000
    if solver.reach(float("inf"), stages, memory=high) is None:
        return known
    while high - low > max(1, high // 1000):
        middle = (low + high) // 2
        if solver.reach(float("inf"), stages, memory=middle) is None:
            low = middle
        else:
            high = middle
    return high
