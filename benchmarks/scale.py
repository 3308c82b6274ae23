"""VGG-16 and ResNet-152, split over 1 to 8 devices, times a data axis, up to 4,096 ranks: on paper.

Each kind of rank runs against torch's fake process group. Behind the figures it prints a table of how calls, bytes,
memory and the predicted time grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

from archdsl.compiler import check
from archdsl.devices.scale import Machine, RankStep, seconds, steps
from archdsl.devices.traffic import traffic
from archdsl.ir.graph import Program
from archdsl.source import Source
from benchmarks.measure import Row

SPLITS = (1, 2, 4, 8)
WORLDS = (8, 64, 512, 4096)
SAMPLES = 32
"""Of each device: a replica on 8 devices has 256."""

HEADER = "| network | ranks | split x data | calls | sent by a rank | memory | compute | exchanges | samples/s |"

VGG = """
mesh gpus[{split}]
network vgg16() {{
    input image: [N, 3, 224, 224]
    split(gpus) {{
        for i, (width, depth) in enumerate([[64, 2], [128, 2], [256, 3], [512, 3], [512, 3]]) {{
            for j in 0..depth {{
                conv(width, 3x3, pad=1) -> relu
                if j == depth - 1 {{ maxpool(2x2) }}
                exchange
            }}
        }}
        flatten
        linear(4096) -> relu -> exchange
        linear(4096) -> relu -> exchange
        linear(1000)
    }}
    expect params == 138_357_544
}}
"""

RESNET = """
mesh gpus[{split}]
block bottleneck(width, stride = 1) {{
    residual {{
        exchange
        conv(width, 1x1, bias=false) -> bn -> relu -> exchange
        conv(width, 3x3, stride=stride, pad=1, bias=false) -> bn -> relu -> exchange
        conv(4 * width, 1x1, bias=false) -> bn
    }} shortcut {{
        if stride != 1 or @in.channels != 4 * width {{
            {{ exchange -> conv(4 * width, 1x1, stride=stride, bias=false) -> bn }}
        }}
    }}
    relu
}}
network resnet152() {{
    input image: [N, 3, 224, 224]
    split(gpus) {{
        conv(64, 7x7, stride=2, pad=3, bias=false) -> bn -> relu -> maxpool(3x3, stride=2, pad=1)
        for i, (width, depth) in enumerate([[64, 3], [128, 8], [256, 36], [512, 3]]) {{
            for j in 0..depth {{ bottleneck(width, stride=if i > 0 and j == 0 then 2 else 1) }}
        }}
        avgpool(out=1) -> exchange -> flatten
        linear(1000)
    }}
    expect params == 60_192_808
}}
"""


def program(text: str, split: int) -> Program:
    checked = check(Source("scale.arch", text.format(split=split)))
    assert checked.program is not None, [diagnostic.title for diagnostic in checked.diagnostics]
    return checked.program


def run() -> Iterator[Row]:
    machine = Machine()
    start = perf_counter()
    wrong = 0
    table = [HEADER, "|---" * HEADER.count(" | ") + "|---|"]
    for name, text in (("VGG-16", VGG), ("ResNet-152", RESNET)):
        for split in SPLITS:
            made = program(text, split)
            for world, ranks in steps(made, WORLDS, SAMPLES * split).items():
                wrong += not _fits(made, ranks, split, SAMPLES * split)
                table.append(_line(name, ranks[0], split, world, machine))
    taken = perf_counter() - start
    yield Row(
        "steps of VGG-16 and ResNet-152 on up to 4,096 ranks, on paper", f"{taken:.0f} s", "at most 60 s", taken <= 60
    )
    yield Row("... whose bytes, or sequences of calls, are not those of the closed form", str(wrong), "0", wrong == 0)
    print("\n" + "\n".join(table) + "\n")  # behind the rows above


def _fits(made: Program, ranks: list[RankStep], split: int, samples: int) -> bool:
    """Whether all ranks call the same, and the devices of a split send together what the closed form says."""
    if split == 1:
        return True
    counted = traffic(made, "N").total.at(samples)
    alike = {(rank.sequence, sum(call.sent for call in rank.calls[: _own(rank)])) for rank in ranks}
    return len(alike) == 1 and next(iter(alike))[1] * split == counted


def _own(rank: RankStep) -> int:
    """How many calls are those of the split: the data axis comes behind them, and sums only."""
    return sum(call.kind != "all_reduce" for call in rank.calls)


def _line(name: str, rank: RankStep, split: int, world: int, machine: Machine) -> str:
    compute, exchanges = seconds(rank, machine)
    rate = SAMPLES * world / (compute + exchanges)
    return (
        f"| {name} | {world:,} | {split} x {world // split:,} | {len(rank.calls)} | {float(rank.sent) / 1e6:,.0f} MB "
        f"| {rank.memory / 1e9:.2f} GB | {compute * 1e3:,.1f} ms | {exchanges * 1e3:,.1f} ms | {rate:,.0f} |"
    )
