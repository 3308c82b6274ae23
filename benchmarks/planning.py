"""Planning: how its time grows with steps and devices, and against a process that imports torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from math import log
from statistics import linear_regression, median
from time import process_time

from archdsl import api
from archdsl.compiler import check
from archdsl.devices.plan.ask import ask
from archdsl.devices.plan.choose import Request
from archdsl.devices.plan.compare import rivals, turns
from archdsl.devices.plan.machine import Machine
from archdsl.devices.plan.suggest import suggestion
from archdsl.ir.graph import Program
from archdsl.source import Source
from benchmarks.measure import SPECS, Row, seconds

STEPS = (250, 500, 1_000, 2_000, 4_000)
DEVICES = (8, 32, 128, 512)
ROUNDS = 3

SPEC = """
network deep {{
    input image: [N, 16, H = 32, W = 32]
    for i in 0..{steps} {{
        conv(16, if i % 3 == 0 then 3x3 else 1x1, pad=if i % 3 == 0 then 1 else 0)
    }}
}}
"""
PRIME = 509
"""Samples: no replicas but as many as samples, so that the search over stages is what is measured."""


MANY = (
    ("resnet_cifar.arch:resnet1001_v2", Request(4095, 512, Machine(10**12, 10**10, 10**10))),
    ("resnet_cifar.arch:resnet1001_v2", Request(3600, 720, Machine(10**10, 10**11, 10**8))),
    ("densenet.arch:densenet121", Request(4096, 512, Machine(10**14, 10**8, 10**10))),
    ("googlenet.arch:googlenet_no_aux", Request(3600, 55_440, Machine(10**13, 10**12, 10**8))),
)
"""Networks over thousands of devices, with links and memories that leave the search the most to do of some hundred that
were drawn at random."""


def program(steps: int) -> Program:
    """A chain of so many steps, each a unit of its own."""
    result = check(Source("deep.arch", SPEC.format(steps=steps)))
    assert result.program is not None
    return result.program


def plan(network: Program, devices: int, batch: int = PRIME) -> None:
    answer = ask(network, Request(devices, batch, Machine(flops=10**12)))
    suggestion(answer)
    assert answer.exact


def compared(target: str, request: Request) -> None:
    """All that the command does but for the printing."""
    file, _, name = target.partition(":")
    answer = ask(api.program(SPECS / file, name), request)
    list(rivals(answer.network, answer.request, answer.choice))
    list(turns(answer.network, answer.request, answer.choice))
    suggestion(answer)


def quickest(action: Callable[[], object]) -> float:
    """In seconds of the processor: other work on the machine only ever adds."""
    return min(seconds(action, process_time) for _ in range(ROUNDS))


def growth(times: list[float], amounts: tuple[int, ...]) -> float:
    """The slope of log time over log amount: 1 is linear."""
    return linear_regression([log(amount) for amount in amounts], [log(time) for time in times]).slope


def run() -> Iterator[Row]:
    networks = {steps: program(steps) for steps in STEPS}
    plan(networks[STEPS[0]], DEVICES[0])
    by_steps = [quickest(lambda n=n: plan(networks[n], 64)) for n in STEPS]
    by_devices = [quickest(lambda d=d: plan(networks[1_000], d)) for d in DEVICES]
    for what, times, amounts in (("steps", by_steps, STEPS), ("devices", by_devices, DEVICES)):
        slope = growth(times, amounts)
        yield Row(
            f"planning time over {amounts[0]:,} to {amounts[-1]:,} {what}",
            f"exponent {slope:.2f}; {times[0] * 1e3:.0f} ms to {times[-1] * 1e3:.0f} ms",
            "at most 1.1",
            slope <= 1.1,
        )
    many = max(seconds(lambda case=case: compared(*case), process_time) for case in MANY)
    yield Row(
        "the slowest of 4 plans over 3,600 to 4,096 devices, with rivals, other batches and a suggestion",
        f"{many:.1f} s",
        "below 5 s",
        many < 5,
    )
    importing = [sys.executable, "-c", "import torch"]
    ratios: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        ours = seconds(lambda: plan(networks[1_000], 64, 512))
        ratios.append((ours, seconds(lambda: subprocess.run(importing, check=True))))
    ours, torch = (median(times) for times in zip(*ratios))
    ratio = median(ours / torch for ours, torch in ratios)
    yield Row(
        'a plan of 1,000 steps over 64 devices, against `python -c "import torch"`',
        f"{ours * 1e3:.0f} ms against {torch * 1e3:.0f} ms: {ratio:.2f} of it",
        "below 1",
        ratio < 1,
    )
