"""VGG-16 and ResNet-152 on 8 to 4,096 ranks, on paper: data x stages x split, with as many samples for each rank, or as
many in all.

Each kind of rank runs against torch's fake process group. Behind the figures it prints tables of how calls, bytes,
memory and the predicted time grow: for each number of ranks replicas alone, the fastest layout, and the fastest that
uses each of the other axes. `python -m benchmarks.scale` prints every layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from math import inf
from time import process_time

from archdsl.compiler import check
from archdsl.devices.plan.choose import Choice, Network, Request
from archdsl.devices.plan.machine import Machine
from archdsl.devices.plan.plan import describe
from archdsl.devices.plan.solve import Solver, Terms
from archdsl.devices.scale import Load, RankStep, steps
from archdsl.devices.scale_paper import Pass
from archdsl.devices.scale_time import Times, UnlikeTurns, agree, times
from archdsl.devices.traffic import traffic
from archdsl.ir.graph import Program
from archdsl.record import Record
from archdsl.source import Source
from benchmarks.measure import Row

WORLDS = (8, 64, 512, 4096)
FACTORS = (1, 2, 4, 8)
LAYOUTS = [(stages, split) for stages in FACTORS for split in FACTORS if stages * split <= WORLDS[0]]
"""All ways to divide a replica over up to eight devices."""
EACH, ALL = 32, 4096
"""Samples of a rank, or of all ranks together."""
IN_FLIGHT = 4
"""Microbatches for each stage."""

VGG = (
    *(
        ("exchange -> " if i or j else "")
        + f"conv({width}, 3x3, pad=1) -> relu"
        + (" -> maxpool(2x2)" if j == depth - 1 else "")
        for i, (width, depth) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)))
        for j in range(depth)
    ),
    "exchange -> flatten -> linear(4096) -> relu",
    "exchange -> linear(4096) -> relu",
    "exchange -> linear(1000)",
)
"""The lines of the network, which all see all maps; from one to the next each device hands on its own."""

BLOCK = """
block bottleneck(width, stride = 1) {
    residual {
        exchange -> conv(width, 1x1, bias=false) -> bn -> relu
        exchange -> conv(width, 3x3, stride=stride, pad=1, bias=false) -> bn -> relu
        exchange -> conv(4 * width, 1x1, bias=false) -> bn
    } shortcut {
        if stride != 1 or @in.channels != 4 * width {
            { exchange -> conv(4 * width, 1x1, stride=stride, bias=false) -> bn }
        }
    }
    relu
}
"""
RESNET = (
    "conv(64, 7x7, stride=2, pad=3, bias=false) -> bn -> relu -> maxpool(3x3, stride=2, pad=1)",
    *(
        f"bottleneck({width}{', stride=2' if i and not j else ''})"
        for i, (width, depth) in enumerate(((64, 3), (128, 8), (256, 36), (512, 3)))
        for j in range(depth)
    ),
    "avgpool(out=1) -> exchange -> flatten -> linear(1000)",
)
NETWORKS = {"VGG-16": ("", VGG, 138_357_544), "ResNet-152": (BLOCK, RESNET, 60_192_808)}


def program(name: str, split: int = 1) -> Program:
    """One of the networks, each of its lines shared out."""
    blocks, lines, params = NETWORKS[name]
    named = [f"u{i}: {{ {line if split > 1 else line.replace('exchange -> ', '')} }}" for i, line in enumerate(lines)]
    body = "\n".join(named)
    if split > 1:
        body = f"split(gpus) {{\n{body}\n}}"
    text = f"{blocks if split > 1 else blocks.replace('exchange -> ', '')}\nnetwork net() {{\n"
    text += "input image: [N, 3, 224, 224]\n" + body + f"\nexpect params == {params}\n}}\n"
    checked = check(Source("scale.arch", f"mesh gpus[{split}]\n{text}" if split > 1 else text))
    assert checked.program is not None, [diagnostic.title for diagnostic in checked.diagnostics]
    return checked.program


@cache
def stage_paths(name: str, stages: int) -> list[list[str]] | None:
    """The lines of each stage, as the planner divides them into so many; None: there is one."""
    if stages == 1:
        return None
    network = Network(program(name), "N", 0.0)
    microbatches = IN_FLIGHT * stages
    solver = Solver(network.cuts(EACH, in_order=True), Terms(Machine(memory=1 << 60), "1f1b", microbatches))
    split = solver.fastest(stages, inf)
    assert split is not None
    request = Request(stages, EACH * microbatches, microbatches=microbatches)
    plan = describe(network, request, Choice(solver, split, 1, microbatches, EACH))
    firsts = [int(stage.steps[0].partition(".")[0].removeprefix("u")) for stage in plan.stages]
    lines = [f"u{i}" for i in range(len(NETWORKS[name][1]))]
    return [lines[start:end] for start, end in zip(firsts, [*firsts[1:], len(lines)])]


class Layout(Record):
    """How ranks are divided, and what those of a replica do. `moved`: by the closed form, among them."""

    name: str
    world: int
    split: int
    stages: int
    samples: int
    ranks: Sequence[RankStep]
    times: Times
    moved: int

    @property
    def busiest(self) -> RankStep:
        return max(self.ranks, key=lambda rank: rank.sent)

    @property
    def memory(self) -> int:
        return max(rank.memory(MACHINE) for rank in self.ranks)

    @property
    def fits(self) -> bool:
        return self.memory <= MACHINE.memory


MACHINE = Machine()


def layouts(name: str, stages: int, split: int) -> Iterator[Layout]:
    """All numbers of ranks, with as many samples for each rank, then with as many in all."""
    made, paths = program(name, split), stage_paths(name, stages)
    counted = traffic(made, "N", paths).total
    size = split * stages
    loads: list[Load] = []
    for world in WORLDS:
        own = (EACH,) if world == WORLDS[0] else (EACH, ALL // world)  # on so few ranks all of them would not fit
        for samples in (each * size for each in own):
            microbatches = min(IN_FLIGHT * stages, samples) if stages > 1 else 1
            loads.append(Load(world // size, samples, microbatches))
    for load, ranks in zip(loads, steps(made, *loads, paths=paths)):
        samples = load.samples * load.replicas
        moved = counted.at(load.samples)
        yield Layout(name, load.replicas * size, split, stages, samples, ranks, times(ranks, MACHINE), moved)


def run(everything: bool = False) -> Iterator[Row]:
    start = process_time()
    found = [one for name in NETWORKS for stages, split in LAYOUTS for one in layouts(name, stages, split)]
    taken = process_time() - start
    yield Row(
        f"{len(found)} layouts of VGG-16 and ResNet-152 on 8 to 4,096 ranks, on paper",
        f"{taken:.0f} s of one processor",
        "at most 60 s",
        taken <= 60,
    )
    wrong = sum(not _fits(one) for one in found)
    yield Row(
        "... whose ranks would wait for each other, or send other bytes than the closed form",
        str(wrong),
        "0",
        not wrong,
    )
    for name in NETWORKS:
        for each in (True, False):
            here = [one for one in found if one.name == name and (one.samples == EACH * one.world) == each]
            what = f"{EACH} images for each rank" if each else f"{ALL:,} images in all"
            print(f"\n{name}, {what}\n\n{HEADER}\n{'|---' * HEADER.count(' | ')}|---|")
            print("\n".join(_line(one) for one in (here if everything else _picked(here))))
    print()


def _picked(found: Sequence[Layout]) -> Iterable[Layout]:
    """For each number of ranks replicas alone, and the fastest layouts of each kind that has other axes."""
    for world in WORLDS:
        here = [one for one in found if one.world == world]
        kinds = [
            [one for one in here if (one.stages > 1, one.split > 1) == kind]
            for kind in ((False, False), (True, False), (False, True), (True, True))
        ]
        yield from (min(kind, key=lambda one: (not one.fits, one.times.step)) for kind in kinds if kind)


def _fits(one: Layout) -> bool:
    """Whether all ranks agree, and those of a replica send together what the closed form says."""
    try:
        agree(one.ranks)
    except UnlikeTurns:
        return False
    own = [turn for rank in one.ranks for turn in rank.turns if isinstance(turn, Pass) or turn.kind == "send"]
    sent = sum(call.sent for turn in own for call in (turn.calls if isinstance(turn, Pass) else (turn,)))
    return sent * one.split == one.moved * len({rank.place for rank in one.ranks})


HEADER = (
    "| ranks | data x stages x split | calls | sent by a rank | memory "
    "| step, ms | compute | split | stages | waiting | data | images/s |"
)


def _line(one: Layout) -> str:
    took = one.times
    parts = (took.step, took.compute, took.split, took.pipeline, took.waiting, took.data)
    return (
        f"| {one.world:,} | {one.world // one.stages // one.split:,} x {one.stages} x {one.split} "
        f"| {len(list(one.busiest.calls)):,} | {float(one.busiest.sent) / 1e6:,.0f} MB | {one.memory / 1e9:.1f} GB "
        + "".join(f"| {part * 1e3:,.1f} " for part in parts)
        + f"| {one.samples / took.step:,.0f} |"
    )


if __name__ == "__main__":
    for row in run(everything=True):
        print(row)
