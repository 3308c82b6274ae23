"""`torchrun ... -m archdsl.run SPEC --plan FILE` trains as one process does."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from archdsl.cli.main import main
from archdsl.devices.plan.file import read_plan

SPECS = Path(__file__).parents[2] / "specs"
TWO = str(SPECS.parent / "examples" / "two_devices.arch")
LENET = f"{SPECS / 'lenet.arch'}:lenet5"


def plan(folder: Path, *options: str, spec: str = LENET) -> str:
    """Files of `archdsl plan` for slow devices, on which stages pay."""
    path = str(folder / "plan.json")
    assert main(["plan", spec, "--flops", "1G", "-o", path, *options]) == 0
    return path


def run(processes: int, out: Path, *options: str, spec: str = LENET) -> subprocess.CompletedProcess[str]:
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return subprocess.run(
        [sys.executable, *(launch if processes > 1 else []), "-m", "archdsl.run", spec, "--out", str(out), *options],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def losses(out: Path) -> list[float]:
    with open(out / "losses.csv", newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def test_stages_of_a_plan_train_as_one_process_does(tmp_path: Path) -> None:
    path = plan(tmp_path, "--devices", "2", "--batch", "63", "--microbatches", "9")
    for processes in (1, 2):
        done = run(processes, tmp_path / str(processes), "--plan", path, "--steps", "3")
        assert done.returncode == 0, done.stderr
    assert len(losses(tmp_path / "1")) == 3
    assert losses(tmp_path / "2") == pytest.approx(losses(tmp_path / "1"), rel=1e-5)


@pytest.mark.parametrize(
    ("batch", "stages", "replicas"), [("63", 2, 1), pytest.param("64", 1, 2, marks=pytest.mark.slow)]
)
def test_splits_within_stages_and_replicas(batch: str, stages: int, replicas: int, tmp_path: Path) -> None:
    """On four processes, of which two have the feature maps of a stage between them."""
    path = plan(tmp_path, "--devices", "4", "--batch", batch, spec=TWO)
    made = read_plan(path)
    assert (len(made.stages), made.replicas, made.width) == (stages, replicas, 2)
    for processes in (1, 4):
        done = run(processes, tmp_path / str(processes), "--plan", path, "--steps", "3", spec=TWO)
        assert done.returncode == 0, done.stderr
    assert len(losses(tmp_path / "1")) == 3
    assert losses(tmp_path / "4") == pytest.approx(losses(tmp_path / "1"), rel=1e-5)
    done = run(2, tmp_path / "two", "--plan", path, spec=TWO)
    assert "plan.json is for 4 processes, not 2" in done.stderr


def test_a_plan_of_another_network_is_refused(tmp_path: Path) -> None:
    path = plan(tmp_path, "--devices", "2", "--batch", "63", "--microbatches", "9")
    done = run(1, tmp_path / "out", "--plan", path, spec=f"{SPECS / 'lenet.arch'}:lenet5_1998")
    assert done.returncode == 1
    assert "error[E1358]: `plan.json` is a plan of another network: it is of lenet5, not lenet5_1998" in done.stderr
