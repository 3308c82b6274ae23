"""A step on as many ranks as one likes, on torch's fake process group: against closed forms, and torch on CPUs."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch.testing._internal.distributed.fake_pg import FakeStore

from archdsl.api import build
from archdsl.cost import Costs
from archdsl.devices.pipeline import Pipeline, ScheduleName
from archdsl.devices.plan.choose import Choice, Network, Request, ring_bytes
from archdsl.devices.plan.flow import Flow
from archdsl.devices.plan.machine import Machine
from archdsl.devices.plan.measure import Measured
from archdsl.devices.plan.plan import describe
from archdsl.devices.plan.solve import Solver, Terms
from archdsl.devices.scale import Load, RankStep, steps
from archdsl.devices.scale_paper import Pass, traced
from archdsl.devices.scale_time import UnlikeTurns, agree, call_seconds, times
from archdsl.devices.stages import staged
from archdsl.devices.traffic import traffic
from archdsl.devices.traffic_counted import Call, Counting
from archdsl.ir.graph import Program
from tests.devices.traffic_specs import checked, small

BATCH = 4
FREE = Machine(link=1 << 62)
"""Nothing takes time but to compute."""


@pytest.mark.parametrize(
    "program",
    [
        small(2),
        small(2, by=", by=[1, 3]", before="conv0: conv(6, 1x1)"),
        small(4, middle="exchange -> bn -> conv(32, 1x1)"),
    ],
    ids=["2", "uneven", "4"],
)
def test_ranks_call_alike_and_send_what_was_counted(program: Program) -> None:
    counted = traffic(program, "N")
    size = counted.devices
    alone, many = steps(program, Load(1, BATCH), Load(4096 // size, BATCH))
    agree(many)
    assert sum(step.sent for step in alone) * size / len(alone) == counted.total.at(BATCH)
    for few, more in zip(alone, many):
        assert more.sequence == (*few.sequence, ("all_reduce", 4096 // size, None))
        assert more.sent > few.sent


def test_gradients_of_replicas() -> None:
    program = checked("network net { input x: [N, 8]; linear(4) -> tanh -> linear(2) }")
    ((step,),) = steps(program, Load(512, BATCH))
    assert step.sent == 2 * 511 * (8 * 4 + 4 + 4 * 2 + 2) * 4 / 512
    assert step.sent == ring_bytes(step.trained, 512)
    assert step.weights == step.trained == Costs(program).total.state_bytes


LAYERS = """
    conv1: conv(8, 3x3, stride=2, bias=false) -> bn -> relu
    conv(16, 3x3, pad=1, groups=4) -> maxpool(2x2) -> sigmoid
    residual { conv(16, 1x1) -> gelu }
    conv_transpose(8, 2x2, stride=2) -> avgpool(out=2x2) -> flatten -> dropout(0.5)
    linear(12) -> layernorm -> linear(5)
"""


def net(text: str) -> Program:
    return checked(f"network net {{\n input x: [N, 3, 17, 17]\n{text}\n}}")


def test_what_is_computed_and_kept_is_what_the_planner_counts() -> None:
    program = net(LAYERS)
    ((step,),) = steps(program, Load(1, BATCH))
    costs = Measured(Flow(program), "N", BATCH).steps
    assert step.flops == sum(cost.flops for cost in costs)
    assert step.trained == sum(cost.trained_bytes for cost in costs)
    assert step.turns[0].flops == 2 * Costs(program).total.macs * BATCH  # type: ignore[union-attr]


def test_as_much_is_kept_as_on_a_cpu() -> None:
    program = net(LAYERS)
    ((step,),) = steps(program, Load(1, BATCH))
    module = build(program)
    assert traced(module, 0, [torch.randn(BATCH, 3, 17, 17)]).forward.kept == step.activations


def test_what_is_remembered_is_what_torch_would_say() -> None:
    first, again, other = (steps(net(LAYERS), Load(1, size))[0][0] for size in (BATCH, BATCH, 2 * BATCH))
    assert (again.flops, again.activations) == (first.flops, first.activations)
    assert other.flops == 2 * first.flops


STAGED = """
network net {
    input x: [N, 4, 8, 8]
    stage { early: conv(8, 3x3, pad=1) -> relu -> conv(8, 3x3, pad=1) }
    stage { conv(8, 3x3, pad=1) -> relu }
    stage { conv(6, 3x3, pad=1) -> dropout(0.3) }
    stage { add { @; @early -> conv(6, 1x1) } -> avgpool(out=1x1) -> flatten -> linear(10) }
}
"""
RUNS: tuple[tuple[ScheduleName, int, int], ...] = (("gpipe", 4, 4), ("1f1b", 4, 8), ("interleaved", 2, 4))


@contextmanager
def on_paper(rank: int, world: int) -> Generator[None]:
    hook = sys.excepthook
    dist.init_process_group("fake", store=FakeStore(), rank=rank, world_size=world)
    group: Any = dist.group.WORLD
    group._register_backend(
        torch.device("meta"), dist.ProcessGroup.BackendType.CUSTOM, group._get_backend(torch.device("cpu"))
    )
    try:
        yield
    finally:
        dist.destroy_process_group()
        sys.excepthook = hook


def shown(calls: Any) -> list[str]:
    return [repr(call) for call in calls]


@pytest.mark.parametrize(("schedule", "line", "microbatches"), RUNS, ids=[run[0] for run in RUNS])
def test_stages_call_what_the_pipeline_does(schedule: ScheduleName, line: int, microbatches: int) -> None:
    program = checked(STAGED)
    state = {key: value.to("meta") for key, value in build(program).state_dict().items()}
    (ranks,) = steps(program, Load(1, 8, microbatches, schedule), line=line)
    agree(ranks)
    for rank in ranks:
        with on_paper(rank.line, line):
            pipeline = Pipeline(
                program,
                state,
                lambda output, target: output.sum(),
                batch=8,
                microbatches=microbatches,
                schedule=schedule,
                device="meta",
            )
            inputs = (torch.empty(8, 4, 8, 8, device="meta"),) if pipeline.first else ()
            with Counting() as counting:
                pipeline.step(*inputs, target=torch.empty(8, device="meta") if pipeline.last else None)
        assert shown(rank.calls) == shown(counting.calls)


def crossing(program: Program) -> list[int]:
    """The numbers of a sample that go from each stage to the next."""
    shapes = ([value.shape for value in stage.gives if value.shape] for stage in staged(program)[:-1])
    return [sum(torch.Size(shape.at({"N": 1})).numel() for shape in each) for each in shapes]


def test_stages_send_what_crosses() -> None:
    program = checked(STAGED)
    (ranks,) = steps(program, Load(1, 8, 4))
    forward, back = ([0] * 4, [0] * 4)
    for rank in ranks:
        for call in rank.calls:
            if call.kind == "send":
                (forward if call.peer == rank.line + 1 else back)[rank.line] += int(call.sent)
    numbers = crossing(program)
    assert numbers == [2 * 8 * 64, 2 * 8 * 64, (8 + 6) * 64]  # what `early` made goes along
    assert forward == [numbers * 4 * 8 for numbers in numbers] + [0]
    assert back == [0, *forward[:3]]


@pytest.mark.parametrize("before", ["exchange()", "conv2"], ids=["shares cross", "whole values cross"])
def test_a_split_cut_into_stages_sends_what_was_counted(before: str) -> None:
    program, paths = small(2), [["conv1"], [before]]
    (ranks,) = steps(program, Load(1, 8, 4), paths=paths)
    agree(ranks)
    assert sum(rank.sent for rank in ranks) == traffic(program, "N", paths).total.at(8)
    crossing = next(call.sent for call in ranks[0].calls if call.kind == "send")
    assert crossing == 16 * 4 * 4 * 4 * 2 // (2 if before == "exchange()" else 1)  # conv1's maps of two samples


@pytest.mark.parametrize(("schedule", "in_flight"), [("gpipe", [6, 6, 6, 6]), ("1f1b", [4, 3, 2, 1])])
def test_memory_grows_with_the_microbatches_in_flight(schedule: ScheduleName, in_flight: list[int]) -> None:
    (ranks,) = steps(checked(STAGED), Load(1, 12, 6, schedule))
    kept = [next(turn.kept for turn in rank.turns if isinstance(turn, Pass)) for rank in ranks]
    assert [rank.activations for rank in ranks] == [count * each for count, each in zip(in_flight, kept)]
    terms = Terms(Machine(), schedule, 6)
    assert in_flight == [terms.in_flight(4 - place) for place in range(4)]
    assert ranks[0].memory(Machine(optimizer="adam")) == ranks[0].memory(Machine()) + ranks[0].trained


def equal(stages: int) -> Program:
    layers = "\n".join("stage { linear(16, bias=false) -> relu }" for _ in range(stages))
    return checked(f"network net {{\n input x: [N, 16]\n {layers}\n}}".replace(" first: linear(16, bias=false)\n", ""))


@pytest.mark.parametrize(("stages", "microbatches"), [(2, 4), (4, 4), (4, 16)])
@pytest.mark.parametrize("schedule", ["gpipe", "1f1b"])
def test_the_bubble(stages: int, microbatches: int, schedule: ScheduleName) -> None:
    """(s - 1) / (m + s - 1) where all stages take as long."""
    (ranks,) = steps(equal(stages), Load(1, microbatches, microbatches, schedule))
    found = times([_alike(rank, ranks[-1]) for rank in ranks], FREE, 0.0)
    assert found.bubble == pytest.approx((stages - 1) / (microbatches + stages - 1))
    assert found.step == pytest.approx(found.compute * (microbatches + stages - 1) / microbatches)


def _alike(rank: RankStep, other: RankStep) -> RankStep:
    """A rank whose passes take as long as another's: the first stage has no gradient of its input to compute."""
    flops = {turn.kind: turn.flops for turn in other.turns if isinstance(turn, Pass)}
    turns = [
        Pass(turn.kind, turn.stage, turn.calls, flops[turn.kind], turn.kept) if isinstance(turn, Pass) else turn
        for turn in rank.turns
    ]
    return RankStep(rank.line, rank.place, tuple(turns), rank.weights, rank.trained)


def test_interleaving_shrinks_the_bubble() -> None:
    """With v stages on each of s ranks the bubble is (s - 1) / (v m + s - 1) (Narayanan et al. 2021, section 2.2.2)."""
    (ranks,) = steps(equal(8), Load(1, 8, 8, "interleaved"), line=2)
    found = times([_alike(rank, ranks[-1]) for rank in ranks], FREE, 0.0)
    assert found.bubble == pytest.approx(1 / (4 * 8 + 1), rel=1e-5)


def test_a_plan_is_predicted_alike() -> None:
    """Compute and memory are the planner's; its time of a step has all stages as slow as the slowest."""
    program = checked(STAGED)
    network = Network(program, "N", 0.0)
    machine = Machine(flops=10**9, link=10**7)
    solver = Solver(network.cuts(2), Terms(machine, "1f1b", 4))
    split = solver.fastest(3, float("inf"))
    assert split is not None
    plan = describe(network, Request(3, 8, machine, microbatches=4), Choice(solver, split, 1, 4, 2))
    (ranks,) = steps(program, Load(1, 8, 4), paths=[stage.steps for stage in plan.stages])
    assert [rank.trained for rank in ranks] == [stage.gradient_bytes for stage in plan.stages]
    found = times(ranks, machine, 0.0)
    computed = [sum(t.flops for t in rank.turns if isinstance(t, Pass)) / machine.flops for rank in ranks]
    assert computed == pytest.approx([stage.compute_seconds for stage in plan.stages])
    assert found.compute <= found.step <= plan.step_seconds


def test_time_is_latency_and_bytes() -> None:
    program = checked("network net { input x: [N, 8]; linear(4) }")
    ((step,),) = steps(program, Load(3, BATCH))
    machine = Machine(flops=10**6, link=1000)
    found = times([step], machine, 1.0)
    assert found.compute == pytest.approx(4 * 8 * 4 * BATCH / 1e6)  # the input has no gradient
    assert found.data == pytest.approx(2 * 2 * 1.0 + 2 * 2 / 3 * 36 * 4 / 1e3)
    assert found.step == pytest.approx(found.compute + found.data)
    assert call_seconds(Call("all_gather", 4, 3000), machine, 1.0) == 3 + 3  # type: ignore[arg-type]


def test_places_wait_for_the_slowest() -> None:
    ranks = steps(small(2, by=", by=[1, 3]"), Load(1, BATCH))[0]
    assert times(ranks, FREE, 0.0).step == pytest.approx(max(rank.flops for rank in ranks) / FREE.flops)


def test_who_would_wait_for_ever() -> None:
    (ranks,) = steps(checked(STAGED), Load(1, 8, 4))
    first = ranks[1]
    sends = [i for i, turn in enumerate(first.turns) if isinstance(turn, Call) and turn.kind == "send"]
    missing = (*first.turns[: sends[0]], *first.turns[sends[0] + 1 :])
    broken = [ranks[0], RankStep(1, 0, missing, first.weights, first.trained), *ranks[2:]]
    with pytest.raises(UnlikeTurns, match="rank 1 sends to 2"):
        agree(broken)
    backward_first = RankStep(1, 0, first.turns[::-1], first.weights, first.trained)
    with pytest.raises(UnlikeTurns, match="waits for"):
        times([ranks[0], backward_first, *ranks[2:]], Machine())


def test_a_place_that_calls_otherwise() -> None:
    (ranks,) = steps(small(2), Load(1, BATCH))
    other = ranks[1]
    with pytest.raises(UnlikeTurns, match="at place 1"):
        agree([ranks[0], RankStep(0, 1, other.turns[:1], other.weights, other.trained)])


def test_microbatches_that_do_not_divide() -> None:
    with pytest.raises(ValueError, match="8 samples do not divide into 3"):
        steps(checked(STAGED), Load(1, 8, 3))


def test_nothing_is_left_behind() -> None:
    hook = sys.excepthook
    steps(small(2), Load(1, BATCH))
    assert sys.excepthook is hook and not dist.is_initialized()
