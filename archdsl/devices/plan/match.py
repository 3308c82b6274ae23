"""A plan that was read, against the network that it is to be used for."""

from __future__ import annotations

import os
from collections.abc import Iterator

from archdsl.devices.plan.file import read_plan
from archdsl.devices.plan.flow import Around, Flow
from archdsl.devices.plan.plan import Made, Plan
from archdsl.diagnostic import CompileError
from archdsl.ir.graph import Program
from archdsl.reading import Refusal, refusal


def plan_for(program: Program, path: str) -> Plan:
    """The plan of a file, which is of this network. Raises `CompileError`."""
    try:
        plan = read_plan(path)
        stages_of(plan, program, path)
    except Refusal as refused:
        raise CompileError(refused.diagnostics) from None
    return plan


def stages_of(plan: Plan, program: Program, path: str) -> list[list[int]]:
    """For each stage of a plan the numbers of its steps in the network's `Flow`.

    Raises:
        Refusal: it is a plan of another network, or its stages are no division of the network's steps that can run.
    """
    from archdsl.errors.devices import PlanOfAnother, PlanSteps

    shown = os.path.basename(path)
    for difference in differences(plan.made, Made.of(program)):
        raise refusal(PlanOfAnother(shown, difference), path)
    flow = Flow(program)
    numbers = _by_address(flow)
    stage_of: dict[int, int] = {}
    for stage, part in enumerate(plan.stages):
        for address in part.steps:
            if address not in numbers:
                raise refusal(PlanSteps(shown, f"there is no step `{address[:80]}`"), path)
            for number in numbers[address]:
                if number in stage_of:
                    raise refusal(PlanSteps(shown, f"`{flow.steps[number].address}` is named twice"), path)
                stage_of[number] = stage
    for number, step in enumerate(flow.steps):
        if number not in stage_of:
            raise refusal(PlanSteps(shown, f"`{step.address}` is on no stage"), path)
        for value in step.inputs:
            if value.maker >= 0 and stage_of[value.maker] > stage_of[number]:
                maker = flow.steps[value.maker].address
                why = f"`{step.address}` reads what `{maker}` makes on a later stage"
                raise refusal(PlanSteps(shown, why), path)
    return [[number for number in stage_of if stage_of[number] == stage] for stage in range(len(plan.stages))]


def _by_address(flow: Flow) -> dict[str, list[int]]:
    """The steps that an address stands for: a scope's for all that are in it."""
    found: dict[str, list[int]] = {}
    for number, step in enumerate(flow.steps):
        found.setdefault(step.address, []).append(number)
        around: Around | None = step.around
        while around is not None and around.address:
            found.setdefault(around.address, []).append(number)
            around = around.outer
    return found


def differences(plan: Made, network: Made) -> Iterator[str]:
    """In what the network that a plan was made for differs from another; nothing: it is the same."""
    if plan.network != network.network:
        yield f"it is of {plan.network[:80]}, not {network.network}"
    for name in dict.fromkeys((*plan.params, *network.params)):
        there, here = plan.params.get(name, "not a parameter"), network.params.get(name, "not a parameter")
        if there != here:
            yield f"it was made with {name[:80]} = {there[:80]}, here it is {here[:80]}"
    if plan.sha256 != network.sha256:
        yield f"the spec has changed (sha256 {plan.sha256[:12]}, now {network.sha256[:12]})"
    for name in dict.fromkeys((*plan.imports, *network.imports)):
        if plan.imports.get(name) != network.imports.get(name):
            yield f"{name[:80]} has changed"
