"""From a program and what is asked for to a plan, or to what is wrong with the question."""

from __future__ import annotations

from archdsl.devices.local import group_mesh
from archdsl.devices.local_ops import NotLocal
from archdsl.devices.plan.choose import Choice, Network, Request, choose, divisors, least_memory
from archdsl.devices.plan.plan import Plan, describe
from archdsl.devices.plan.solve import Effort
from archdsl.devices.stages import NotStaged, staged
from archdsl.diagnostic import Error
from archdsl.ir.graph import Program
from archdsl.ir.shares import Mesh


class NoPlan(ValueError):
    """There is none; `error` says why."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.said(error.title))
        self.error = error


class NoRoom(NoPlan):
    """The network does not fit into the devices' memory, as it is."""

    def __init__(self, error: Error, network: Network, request: Request) -> None:
        super().__init__(error)
        self.network = network
        self.request = request


class Answer:
    """A plan, and what it was chosen from."""

    def __init__(self, network: Network, request: Request, choice: Choice) -> None:
        self.network = network
        self.request = request
        self.choice = choice
        self.plan: Plan = describe(network, request, choice)
        self.exact = network.exact and choice.solver.listed.exact


def ask(program: Program, request: Request) -> Answer:
    """The best plan. Raises `NoPlan`."""
    from archdsl.errors.devices import CannotCut, TooLittleMemory, UnevenMicrobatches

    name = batch_name(program)
    if request.microbatches is not None and request.batch % request.microbatches:
        near = divisors(request.batch)
        below = max((count for count in near if count < request.microbatches), default=1)
        above = min((count for count in near if count > request.microbatches), default=request.batch)
        raise NoPlan(UnevenMicrobatches(request.batch, request.microbatches, _either(below, above)))
    try:
        mesh = group_mesh(program)
        if mesh is not None and request.devices % mesh.size:
            raise NoPlan(_unlike_mesh(program, mesh, request.devices))
        network = Network(program, name, (mesh.size if mesh else 1) / request.devices, mesh)
    except NotLocal as reason:
        raise NoPlan(CannotCut(program.title, str(reason))) from None
    answer = best(network, request)
    if answer is not None:
        return answer
    least = least_memory(network, request)
    if least is None:
        raise NoPlan(_refused(name, request))
    devices = f"{request.devices} device{'s' if request.devices > 1 else ''}"
    error = TooLittleMemory(program.title, devices, _bytes(request.machine.memory), _bytes(least))
    raise NoRoom(error, network, request)


def best(network: Network, request: Request, limit: Effort | None = None) -> Answer | None:
    """The best of what can be run: on one stage, if the best can't be cut so. `limit`: see `choose`."""
    while (choice := choose(network, request, limit)) is not None:
        answer = Answer(network, request, choice)
        if choice.split.stages == 1:
            return answer
        try:
            staged(network.program, [stage.steps for stage in answer.plan.stages])
        except NotStaged as reason:
            network.unstaged = str(reason)
        else:
            return answer
    return None


def batch_name(program: Program) -> str:
    """The free size that is the first axis of every input. Raises `NoPlan`."""
    from archdsl.errors.devices import FixedBatch

    firsts = {str(value.shape.dims[0]) for value in program.graph.inputs if value.shape and value.shape.dims}
    free = [first for first in firsts if first in program.nominal]
    if len(firsts) == 1 and free:
        return free[0]
    found = f"the inputs begin with {' and '.join(sorted(firsts))}" if len(firsts) > 1 else f"it is {min(firsts)}"
    raise NoPlan(FixedBatch(found))


def _unlike_mesh(program: Program, mesh: Mesh, devices: int) -> Error:
    from archdsl.errors.devices import PlanOverMesh

    below = devices - devices % mesh.size
    near = _either(below, below + mesh.size) if below else str(mesh.size)
    return PlanOverMesh(program.title, str(mesh), mesh.size, devices, near)


def _refused(name: str, request: Request) -> Error:
    from archdsl.errors.devices import BatchRefused

    count = request.microbatches or 1
    return BatchRefused(name, request.batch // count, count)


def _either(below: int, above: int) -> str:
    return f"{below} or {above}" if below != above else str(below)


def _bytes(size: int) -> str:
    """`16 GB`, `1.25 GB`: as `--memory` takes it."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.4g} {unit}"
    return f"{size} B"
