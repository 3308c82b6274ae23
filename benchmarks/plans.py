"""Plans of the papers' networks against cuts of equal size and torch's own splitting: predicted step, largest memory.

`python -m benchmarks.plans` prints the table of docs/planning.md. All are predicted by one model; torch is told to cut
(`torch.distributed.pipelining.pipeline`) between blocks, into as many stages as there are devices, with equal numbers
of blocks or of parameters. Its stages are told by the keys of the modules that it makes. As a plan may have replicas,
the best stages without them stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from archdsl.api import program
from archdsl.devices.plan.ask import Answer, ask
from archdsl.devices.plan.choose import Request, microbatch_counts
from archdsl.devices.plan.compare import rivals
from archdsl.devices.plan.solve import Solver, Terms
from benchmarks.measure import SPECS, Row

NETWORKS = (
    ("alexnet", "alexnet_2012"),
    ("vgg", "vgg16"),
    ("googlenet", "googlenet_no_aux"),
    ("resnet", "resnet152"),
    ("densenet", "densenet121"),
)
DEVICES = (4, 8)
BATCH = 256


class Way(NamedTuple):
    """A way to use the devices: the predicted seconds of a step, and the bytes of the device that holds most."""

    stages: int
    replicas: int
    seconds: float
    memory: int

    def __str__(self) -> str:
        return f"{self.seconds * 1e3:.1f} ms, {self.memory / 2**30:.2f} GiB"


class Case(NamedTuple):
    network: str
    devices: int
    plan: Way
    stages: Way
    others: dict[str, Way]


def cases() -> Iterator[Case]:
    for file, variant in NETWORKS:
        path = SPECS / f"{file}.arch"
        for devices in DEVICES:
            answer = ask(program(path, variant), Request(devices, BATCH))
            plan = answer.plan
            own = Way(
                len(plan.stages), plan.replicas, plan.step_seconds, max(stage.memory_bytes for stage in plan.stages)
            )
            others = {
                rival.name: Way(rival.stages, rival.replicas, rival.seconds, rival.memory_bytes)
                for rival in rivals(answer.network, answer.request, answer.choice)
                if rival.stages > 1
            }
            yield Case(variant, devices, own, best_stages(answer), {**others, **dict(by_torch(path, variant, answer))})


def best_stages(answer: Answer) -> Way:
    """Without replicas, in at most as many stages as there are devices."""
    terms, microbatch = _alone(answer)
    solver = Solver(answer.network.cuts(microbatch), terms)
    split = solver.fastest(answer.request.devices, float("inf"))
    assert split is not None
    places = [solver.cuts.index(cut) for cut in split.cuts]
    held = (solver.memory(a, b, split.stages - place) for place, (a, b) in enumerate(pairwise(places)))
    return Way(split.stages, 1, (terms.microbatches + split.stages - 1) * split.slowest, max(held))


def _alone(answer: Answer) -> tuple[Terms, int]:
    """The microbatches of one replica, as a plan chooses them."""
    request = answer.request
    count = next(microbatch_counts(answer.network, request, 1, request.devices))
    return Terms(request.machine, request.schedule, count), request.batch // count


def by_torch(path: Path, variant: str, answer: Answer) -> Iterator[tuple[str, Way]]:
    from tests.devices import exhaustive
    from tests.devices.torch_splits import blocks, equal_modules, equal_parameters, torch_stages, units_of

    network, request = answer.network, answer.request
    terms, microbatch = _alone(answer)
    modules = blocks(network)
    for name, points in (("blocks", equal_modules), ("parameters", equal_parameters)):
        starts = points(modules, request.devices)
        stages = units_of(network, torch_stages(path, variant, starts))
        times, _, held = exhaustive.costs(network, terms, microbatch, stages)
        seconds = (terms.microbatches + len(stages) - 1) * max(times)
        yield f"torch, equal {name}", Way(len(stages), 1, seconds, max(held))


def run() -> Iterator[Row]:
    for case in cases():
        name, best = min(case.others.items(), key=lambda other: other[1].seconds)
        ratio = best.seconds / case.stages.seconds
        yield Row(
            f"{case.network} over {case.devices} devices: predicted step of {name} against the best stages",
            f"{best} against {case.stages}: {ratio:.2f} times as long",
            "at least 1",
            ratio >= 1 - 1e-9,
        )


def main() -> None:
    names: list[str] = []
    for case in cases():
        if not names:
            names = list(case.others)
            print(f"| network | devices | plan | | best stages | {' | '.join(names)} |")
            print("|---" * (len(names) + 5) + "|")
        ways = f"{case.plan.stages} x {case.plan.replicas}"
        others = " | ".join(str(case.others[name]) for name in names)
        print(f"| {case.network} | {case.devices} | {ways} | {case.plan} | {case.stages} | {others} |", flush=True)


if __name__ == "__main__":
    main()
