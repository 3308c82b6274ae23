"""The planner finds what trying all finds."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from archdsl.devices.local import group_mesh
from archdsl.devices.plan.choose import Network, Request, choose
from archdsl.devices.plan.machine import Machine
from archdsl.devices.plan.solve import Solver, Split, Terms
from tests.devices import exhaustive, networks

SEEDS = 120
KINDS = ["chain", "skips", "branches", "split"]


def request(random: Random, width: int) -> Request:
    """Machines on which now compute, now links, now memory decides."""
    machine = Machine(
        flops=10**9,
        link=random.choice([10**7, 10**8, 10**9, 10**10]),
        memory=random.choice([3 * 10**4, 10**5, 3 * 10**5, 10**6, 10**9]),
        optimizer=random.choice(["sgd", "momentum", "adam"]),
    )
    batch = random.choice([1, 6, 7, 8, 16, 24, 25, 32])
    return Request(
        devices=random.choice([1, 2, 3, 4, 5]) * width,
        batch=batch,
        machine=machine,
        schedule=random.choice(["gpipe", "1f1b"]),
        microbatches=random.choice([None, None, 1, 2, 4]),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_no_plan_is_better(kind: str) -> None:
    """Over replicas, stages and microbatches."""
    fitting = 0
    for seed in range(SEEDS):
        random = Random(f"{kind} {seed}")
        program = getattr(networks, kind)(random)
        mesh = group_mesh(program)
        asked = request(random, mesh.size if mesh else 1)
        network = Network(program, "N", random.choice([1.0, 0.25]), mesh)
        choice = choose(network, asked)
        expected = exhaustive.best(network, asked)
        assert (choice is None) == (expected is None), seed
        if choice is not None and expected is not None:
            fitting += 1
            assert network.cuts(choice.microbatch).exact
            assert choice.seconds == pytest.approx(expected, rel=1e-9), seed
            stages = stages_of(network, choice.microbatch, choice.split)
            claimed = exhaustive.seconds(network, asked, stages, choice.replicas, choice.microbatches)
            assert claimed == pytest.approx(choice.seconds, rel=1e-9), seed
    assert fitting > SEEDS / 2


@pytest.mark.parametrize("kind", KINDS)
def test_no_stages_are_faster(kind: str) -> None:
    """Of so many stages, whatever the replicas."""
    several = 0
    for seed in range(SEEDS):
        random = Random(f"stages {kind} {seed}")
        program = getattr(networks, kind)(random)
        mesh = group_mesh(program)
        asked = request(random, mesh.size if mesh else 1)
        network = Network(program, "N", 0.25, mesh)
        terms = Terms(asked.machine, asked.schedule, random.choice([1, 2, 4]))
        most = random.choice([2, 3, 4])
        cuts = network.cuts(asked.batch)
        split = Solver(cuts, terms).fastest(most, float("inf"))
        expected = exhaustive.slowest(network, terms, asked.batch, most)
        assert (split is None) == (expected is None), seed
        if split is not None:
            several += split.stages > 1
            assert split.slowest == pytest.approx(expected, rel=1e-9), seed
            assert split.stages <= most
            found = exhaustive.times(network, terms, asked.batch, stages_of(network, asked.batch, split))
            assert found is not None and max(found[0]) == pytest.approx(split.slowest, rel=1e-9), seed
    assert several > SEEDS / 4


def stages_of(network: Network, microbatch: int, split: Split) -> list[frozenset[int]]:
    return [frozenset(network.cuts(microbatch).between(a, b)) for a, b in pairwise(split.cuts)]
