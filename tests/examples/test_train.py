"""`examples/train.py` learns real digits, and a run that is killed ends as one that was not."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file

ROOT = Path(__file__).parents[2]
SCRIPT = str(ROOT / "examples" / "train.py")

TWO_HEADS = """
network heads(classes = 3) {
    input image: [N, 1, 14, 14]
    conv(4, 3x3, stride=2) -> bn -> relu
    output aux(training, weight=0.3): flatten -> linear(classes)
    avgpool(out=2x2) -> flatten -> dropout(0.1)
    output logits: linear(classes)
}
"""


def command(*args: str) -> list[str]:
    return [sys.executable, SCRIPT, *args]


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*args), capture_output=True, text=True, cwd=ROOT)


def test_lenet_reaches_97_percent_within_two_cpu_minutes(tmp_path: Path) -> None:
    done = run("specs/lenet.arch", "--out", str(tmp_path / "lenet"))
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "lenet" / "history.csv") as file:
        last = list(csv.DictReader(file))[-1]
    assert float(last["held_out_accuracy"]) >= 0.97
    seconds = re.search(r"(\d+) CPU seconds", done.stdout)
    assert seconds is not None and int(seconds[1]) < 120
    assert (tmp_path / "lenet" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_killed_run_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    spec = tmp_path / "heads.arch"
    spec.write_text(TWO_HEADS)
    args = (str(spec), "--epochs", "8", "--batch", "100")
    assert run(*args, "--out", str(tmp_path / "whole")).returncode == 0

    killed = tmp_path / "killed"
    process = subprocess.Popen(command(*args, "--out", str(killed)), cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (killed / "history.csv").exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    resumed = run(*args, "--out", str(killed))
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout.startswith("resumed behind epoch ")

    for name in ("history.csv", "steps.csv"):
        assert (killed / name).read_text() == (tmp_path / "whole" / name).read_text()
    ours, theirs = (load_file(folder / "checkpoint.safetensors") for folder in (killed, tmp_path / "whole"))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    spec = tmp_path / "heads.arch"
    spec.write_text(TWO_HEADS)
    assert run(str(spec), "--epochs", "1", "--out", str(tmp_path / "run")).returncode == 0
    before = (tmp_path / "run" / "checkpoint.safetensors").read_bytes()
    again = run(str(spec), "--epochs", "1", "--seed", "1", "--out", str(tmp_path / "run"))
    assert again.returncode == 1
    assert again.stderr.rstrip().endswith("is from a run with another seed")
    assert "Traceback" not in again.stderr
    assert (tmp_path / "run" / "checkpoint.safetensors").read_bytes() == before
