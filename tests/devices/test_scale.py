"""A step on as many ranks as one likes, on torch's fake process group, against the closed form."""

from __future__ import annotations

import pytest

from archdsl.cost import Costs
from archdsl.devices.scale import Machine, seconds, steps
from archdsl.devices.traffic import traffic
from archdsl.ir.graph import Program
from tests.devices.traffic_specs import checked, small

BATCH = 4


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
    found = steps(program, (size, 4096), BATCH)
    alone = found[size]
    assert len({step.sequence for step in alone}) == 1
    assert sum(step.sent for step in alone) * size / len(alone) == counted.total.at(BATCH)
    for few, many in zip(alone, found[4096]):
        assert many.sequence == (*few.sequence, ("all_reduce", 4096 // size))
        assert many.sent > few.sent


def test_gradients_of_replicas() -> None:
    program = checked("network net { input x: [N, 8]; linear(4) -> tanh -> linear(2) }")
    (step,) = steps(program, (512,), BATCH)[512]
    assert step.sent == 2 * 511 * (8 * 4 + 4 + 4 * 2 + 2) * 4 / 512
    costs = Costs(program).total
    assert (step.macs, step.weights) == (costs.macs * BATCH, costs.state_bytes)


def test_time_is_latency_and_bytes() -> None:
    program = checked("network net { input x: [N, 8]; linear(4) }")
    (step,) = steps(program, (3,), BATCH)[3]
    compute, exchanges = seconds(step, Machine(flops=1e6, latency=1.0, bandwidth=1e3))
    assert compute == pytest.approx(6 * 8 * 4 * BATCH / 1e6)
    assert exchanges == pytest.approx(2 * 2 * 1.0 + 2 * 2 / 3 * 36 * 4 / 1e3)


def test_ranks_that_are_no_multiple() -> None:
    with pytest.raises(ValueError, match="no multiple"):
        steps(small(2), (3,), BATCH)
