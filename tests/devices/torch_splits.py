"""torch's own splitting of a network into stages, at the modules that it is told."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path

import torch
from torch.distributed.pipelining import SplitPoint
from torch.distributed.pipelining import pipeline as split_by_torch

import archdsl
from archdsl.api import build, program
from archdsl.devices.plan.choose import Network
from archdsl.devices.plan.flow import owners
from archdsl.devices.plan.plan import addresses, scopes_of


def torch_stages(path: Path, variant: str, starts: list[str]) -> list[set[str]]:
    """The keys of each stage that torch makes of the module, cut before these modules."""
    module = archdsl.load(path, variant).eval()
    network = program(path, variant)
    images = [torch.zeros(value.shape.at({**network.nominal, "N": 1})) for value in network.graph.inputs if value.shape]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipe = split_by_torch(module, tuple(images), split_spec=dict.fromkeys(starts, SplitPoint.BEGINNING))
    return [set(pipe.get_stage_module(number).state_dict()) for number in range(pipe.num_stages)]


def leaves(path: Path, variant: str) -> list[tuple[str, int]]:
    """The modules with parameters, in order, with how many they have."""
    module = archdsl.load(path, variant, device="meta")
    found = [(name, sum(p.numel() for p in m.parameters(recurse=False))) for name, m in module.named_modules()]
    return [(name, count) for name, count in found if count and "downsample" not in name and ".bn" not in name]


def blocks(network: Network) -> list[tuple[str, int]]:
    """The same of modules between which a plan may cut, too: blocks as a whole."""
    found: list[tuple[str, int]] = []
    scopes = Counter(scope for step in network.flow.steps for scope in scopes_of(step))
    modules = {name for name, _ in build(network.program, device="meta").named_modules()}
    for unit in network.units.units:
        steps = [network.flow.steps[number] for number in unit.steps]
        costs = [network.measured(1).steps[number] for number in unit.steps]
        name = addresses(steps, scopes)[0]
        if name in modules and (trained := sum(cost.trained_bytes for cost in costs)):
            found.append((name, trained))
    return found


def equal_parameters(modules: list[tuple[str, int]], stages: int) -> list[str]:
    total, done = sum(count for _, count in modules), 0
    starts: list[str] = []
    for name, count in modules:
        if len(starts) < stages - 1 and done >= total * (len(starts) + 1) / stages - count / 2 and done:
            starts.append(name)
        done += count
    return starts


def equal_modules(modules: list[tuple[str, int]], stages: int) -> list[str]:
    names = [name for name, _ in modules]
    return [names[len(names) * part // stages] for part in range(1, stages)]


def units_of(network: Network, keys: list[set[str]]) -> list[frozenset[int]]:
    """torch's stages as sets of the planner's units: one without parameters goes with the unit before it."""
    stage_of = {key.rpartition(".")[0]: number for number, part in enumerate(keys) for key in part}
    steps = owners(network.flow)
    by_unit: dict[int, int] = {}
    for address, numbers in steps.items():
        if address in stage_of:
            unit = network.units.of[numbers[0]]
            by_unit[unit] = max(by_unit.get(unit, 0), stage_of[address])
    for unit in network.units.units:
        at_least = max((by_unit[needed] for needed in unit.needs), default=0)
        by_unit[unit.number] = max(by_unit.get(unit.number, 0), at_least)
    return [frozenset(unit for unit, stage in by_unit.items() if stage == number) for number in range(len(keys))]
