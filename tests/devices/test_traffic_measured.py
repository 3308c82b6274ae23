"""The closed form against real processes: what torch dispatches, and what the loopback interface counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl import api
from archdsl.devices.traffic import traffic
from archdsl.devices.traffic_backends import on_wire
from tests.devices.measuring import Job, measured
from tests.devices.traffic_specs import SMALL

PARTS: list[tuple[int, dict[str, str]]] = [
    (2, {}),
    (2, {"by": ", by=[1, 3]", "before": "conv0: conv(6, 1x1)", "middle": "conv(24, 3x3, pad=1) -> lrn"}),
    (3, {"by": ", by=[1, 1, 2]", "middle": "exchange -> norm: bn -> conv(24, 1x1)", "behind": "linear(3)"}),
    (4, {"before": "conv0: conv(6, 1x1)", "middle": "conv(16, 1x1, groups=4)"}),
    (2, {"middle": "checkpoint { exchange -> conv(24, 1x1) -> relu -> exchange -> conv(24, 1x1) }"}),
    (2, {"before": "conv(6, 1x1); on(gpus[1]) { conv(6, 1x1) -> relu }"}),
]
WIDE = SMALL.replace("conv(16, 3x3", "conv(256, 3x3").replace("9, 9]", "65, 65]")


def job(path: Path, devices: int, batch: int, parts: dict[str, str], text: str = SMALL, steps: int = 1) -> Job:
    text = text.format(**{"by": "", "before": "", "middle": "", "behind": "", **parts})
    path.write_text(f"mesh gpus[{devices}]\n{text}")
    return Job(path, devices, batch, steps)


def test_processes_send_what_was_counted(tmp_path: Path) -> None:
    jobs = [job(tmp_path / f"{i}.arch", devices, 6, parts) for i, (devices, parts) in enumerate(PARTS)]
    for each, found in zip(jobs, measured(*jobs)):
        counted = traffic(api.program(each.spec), "N")
        assert found.sent == {kind: amount.at(each.batch) for kind, amount in counted.by_collective().items()}, each


@pytest.mark.slow
def test_the_loopback_interface_carries_what_was_counted(tmp_path: Path) -> None:
    """To be run alone: the interface counts what other programs send, too."""
    each = job(tmp_path / "wide.arch", 2, 32, {}, WIDE, steps=3)
    (found,) = measured(each)
    carried = found.interface - found.idle
    assert carried == pytest.approx(on_wire(traffic(api.program(each.spec), "N"), "gloo", each.batch), rel=0.02)
