"""`python -m tests.devices`: how far each way to run a network is from one device, as a table.

Largest differences of loss, outputs, gradients and weights, as parts of the largest number; see `agreement.py`. With
`full` also AlexNet of 2012 at full size, and ResNet and VGG in stages: see `staging.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.devices import nets, staging
from tests.devices.agreement import Case, Run, difference, on_devices, one_device, runs_on_mesh
from tests.devices.test_agreement import TOLERANCE

SPECS = Path(__file__).parents[2] / "specs"


def alexnet() -> Case:
    """At full size."""
    text = (SPECS / "alexnet.arch").read_text(encoding="utf-8")
    return Case("alexnet_two_devices", text, (4, 3, 227, 227), target="alexnet_two_devices", rate=0.0001)


def runs(full: bool) -> Iterator[tuple[str, str, Run, Run]]:
    """The network, the way in which it was run, the run, and the one on one device."""
    two = (*nets.TWO, alexnet()) if full else nets.TWO
    for cases in (two, nets.FOUR):
        with TemporaryDirectory() as folder:
            for case, run in zip(cases, runs_on_mesh(cases, Path(folder))):
                wrap = {"": "", "ddp": " with DDP", "fsdp": " with FSDP"}[case.wrap]
                data = f"{case.replicas} x " if case.replicas > 1 else ""
                yield case.name, f"{data}{case.devices} processes{wrap}", run, one_device(case)
        for case in cases:
            if case.devices > 1 and not case.wrap:
                yield case.name, f"one process, {case.devices} devices", on_devices(case), one_device(case)
    for cases in staging.CASES.values() if full else ():
        with TemporaryDirectory() as folder:
            for case, run in zip(cases, staging.runs_by_stages(cases, Path(folder))):
                yield case.target, case.how, run, staging.one_device(case)


def main() -> int:
    print("| network | run by | loss | outputs | gradients | weights after 5 steps |")
    print("|---|---|---|---|---|---|")
    largest = 0.0
    for name, how, run, reference in runs("full" in sys.argv[1:]):
        found = difference(run, reference)
        largest = max(largest, found.largest)
        figures = (found.loss, found.output, found.gradient, found.weight)
        print(f"| {name} | {how} | {' | '.join(f'{figure:.1e}' for figure in figures)} |", flush=True)
    return 1 if largest > TOLERANCE else 0


if __name__ == "__main__":
    sys.exit(main())
