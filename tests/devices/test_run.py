"""`archdsl.run` under torchrun, in every layout: the losses and weights are those of one process.

They differ by rounding alone, as sums are added up in another order; few steps tell more of it than many.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from archdsl.devices.checkpoint import latest
from archdsl.devices.error import DevicesError
from archdsl.devices.watch import Watch
from archdsl.run.layouts import device_mesh, training
from archdsl.run.loop import Plan
from tests.devices.networks import program

ROOT = Path(__file__).parents[2]
BODY = """
network net(classes = 10) {{
    input image: [N, 1, 16, 16]
    {one} {{ conv1: conv(10, 3x3, pad=1) -> relu -> maxpool(2x2) -> dropout(0.2) {meet} }}
    {two} {{
        conv2: conv(10, 3x3, pad=1) -> relu -> maxpool(2x2) {meet}
        flatten -> dropout(0.5) -> fc: linear(classes)
    }}
}}
"""
SPLIT = "mesh gpus[2]\n" + BODY.format(one="split(gpus)", two="split(gpus)", meet="-> exchange")
UNEVEN = "mesh gpus[2]\n" + BODY.format(one="split(gpus, by=[2, 3])", two="split(gpus, by=[2, 3])", meet="")
PLAIN = BODY.format(one='section("one")', two='section("two")', meet="")
STAGED = BODY.format(one="stage", two="stage", meet="")
BOTH = """
mesh gpus[2]
network net(classes = 10) {
    input image: [N, 1, 16, 16]
    stage { split(gpus) { conv1: conv(8, 3x3, pad=1) -> relu -> maxpool(2x2) -> dropout(0.2) } }
    stage {
        split(gpus, by=[3, 5]) {
            conv2: conv(8, 3x3, pad=1) -> relu -> maxpool(2x2)
            conv3: conv(8, 3x3, pad=1) -> exchange -> flatten -> dropout(0.5)
        }
    }
    stage { fc: linear(classes) }
    stage { identity }
}
"""


def run(
    folder: Path, name: str, processes: int, *, schedule: str = "1f1b", steps: int = 4, out: str = ""
) -> tuple[list[float], dict[str, torch.Tensor]]:
    """The losses of so many steps, and the weights behind them. It goes on from what is in `out`."""
    place = folder / (out or f"{name}-{processes}")
    launch = (
        ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)] if processes > 1 else []
    )
    asked = ["--steps", str(steps), "--save-every", "2", "--batch", "16", "--schedule", schedule, "--out", str(place)]
    command = [sys.executable, *launch, "-m", "archdsl.run", str(folder / f"{name}.arch"), *asked]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    with open(place / "losses.csv", newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    return losses, load_file(place / "weights.safetensors")


@pytest.mark.parametrize(
    ("name", "spec", "processes", "schedule"),
    [
        pytest.param("replicas", PLAIN, 2, "1f1b", marks=pytest.mark.slow),
        ("replicas_of_splits", SPLIT, 4, "1f1b"),
        pytest.param("replicas_of_uneven_splits", UNEVEN, 4, "1f1b", marks=pytest.mark.slow),
        pytest.param("replicas_of_stages", STAGED, 4, "gpipe", marks=pytest.mark.slow),
        pytest.param("splits_in_stages", BOTH, 4, "interleaved", marks=pytest.mark.slow),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)
def test_trains_as_one_process_does(name: str, spec: str, processes: int, schedule: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.arch").write_text(spec)
    losses, weights = run(tmp_path, name, 1)
    found, held = run(tmp_path, name, processes, schedule=schedule)
    assert found == pytest.approx(losses, rel=1e-5)
    assert held.keys() == weights.keys()
    for key, value in weights.items():
        torch.testing.assert_close(held[key], value, rtol=1e-4, atol=1e-6)


def test_ends_when_the_loss_is_no_number(tmp_path: Path) -> None:
    """Nothing is gained by going on; the last checkpoint stays."""
    spec = tmp_path / "net.arch"
    spec.write_text(PLAIN)
    asked = [str(spec), "--steps", "50", "--save-every", "1", "--batch", "8", "--lr", "1e20", "--out", str(tmp_path)]
    command = [sys.executable, "-m", "archdsl.run", *asked]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 1
    assert re.fullmatch(r"the loss of step \d+ is (inf|nan): .* smaller --lr\n", done.stderr)
    assert latest(tmp_path) is not None


@pytest.mark.parametrize(
    ("before", "behind"),
    [(2, 1), pytest.param(1, 4, marks=pytest.mark.slow), pytest.param(4, 2, marks=pytest.mark.slow)],
)
def test_goes_on_in_another_layout(before: int, behind: int, tmp_path: Path) -> None:
    """From a checkpoint of so many processes, which share unevenly, to others."""
    (tmp_path / "net.arch").write_text(UNEVEN)
    losses, weights = run(tmp_path, "net", 1)
    run(tmp_path, "net", before, steps=2, out="changed")
    found, held = run(tmp_path, "net", behind, out="changed")
    assert found == pytest.approx(losses, rel=1e-5)
    for key, value in weights.items():
        torch.testing.assert_close(held[key], value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("processes", "spec", "batch", "said"),
    [
        (3, SPLIT, 16, "E1340.*net is for 2 processes, or a multiple of that, not 3"),
        (4, SPLIT, 15, "E1341.*a batch of 15 does not divide over 2 replicas"),
        (2, STAGED, 10, "E1341.*a batch of 10 does not divide over 1 replica of 4 microbatches"),
    ],
    ids=["processes", "replicas", "microbatches"],
)
def test_a_layout_that_does_not_fit_is_refused_before_it_is_made(
    processes: int, spec: str, batch: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda *_: processes)
    checked = program(spec)
    plan = Plan("net.arch", None, {}, Path(), 1, batch, 0.1, 0.9, 0, 1, 4, "1f1b", None)
    with pytest.raises(DevicesError, match=said):
        training(checked, plan, Watch.__new__(Watch))


def test_the_groups_of_a_layout_wait_as_long_as_asked() -> None:
    """Those that torch makes for a mesh wait half an hour, whatever the run's own group was told."""
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        mesh = device_mesh({"data": 1, "gpus": 1}, 7)
        for group in mesh.get_all_groups():
            assert group._get_backend(torch.device("cpu")).options._timeout == timedelta(seconds=7)
        assert mesh["gpus"].get_local_rank() == 0
    finally:
        torch.distributed.destroy_process_group()
