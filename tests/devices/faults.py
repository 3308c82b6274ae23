"""The fault matrix: kill, hang and misorder a process at each point of a step and of a save, under torchrun.

    python -m tests.devices.faults

For each fault: how long the other process took to end, whether it named the rank and the place, whether the last
checkpoint could still be read, and whether the run, resumed, ends with the losses of one that was never disturbed.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from archdsl.devices import checkpoint

ROOT = Path(__file__).parent.parent.parent
SPEC = ROOT / "examples" / "two_devices.arch"
TIMEOUT = 6
"""Seconds that a process waits for its peer."""
STEPS, SAVE_EVERY = 6, 2


class Fault(NamedTuple):
    kind: str
    rank: int
    point: str
    count: int
    """At which time that the process comes by the point."""


class Outcome(NamedTuple):
    seconds: float
    named: str
    """What the other process said."""
    published: int | None
    """The step of the checkpoint that is to be read."""


MATRIX = (
    Fault("kill", 1, "before", 1),
    Fault("kill", 1, "during", 1),
    Fault("kill", 1, "after", 1),
    Fault("kill", 0, "before", 9),
    Fault("kill", 1, "before", 20),
    Fault("hang", 1, "before", 9),
    Fault("hang", 0, "during", 2),
    Fault("hang", 1, "after", 20),
    Fault("stray", 1, "before", 2),
    Fault("stray", 0, "before", 6),
    Fault("kill", 1, "save", 2),
    Fault("kill", 0, "saved", 2),
    Fault("kill", 0, "named", 2),
    Fault("hang", 1, "save", 2),
    Fault("hang", 0, "named", 2),
)


def command(out: Path, *, restarts: int = 0) -> list[str]:
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    asked = ["--steps", str(STEPS), "--save-every", str(SAVE_EVERY), "--batch", "16", "--timeout", str(TIMEOUT)]
    script = str(Path(__file__).parent / "faulty.py")
    return [*launch, "--max-restarts", str(restarts), script, str(SPEC), "--out", str(out), *asked]


def run(out: Path, fault: Fault, *, restarts: int = 0) -> subprocess.CompletedProcess[str]:
    """The run with a fault; one that has happened before, by its mark, does not happen again."""
    environment = {
        **os.environ,
        "FAULT": " ".join(map(str, fault)),
        "FAULT_MARK": str(out / "fault"),
        "OMP_NUM_THREADS": "1",
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
        "PYTHONPATH": str(ROOT),
    }
    out.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        command(out, restarts=restarts), env=environment, capture_output=True, text=True, timeout=180, cwd=ROOT
    )


def suffer(out: Path, fault: Fault) -> Outcome:
    """What came of a fault."""
    done = run(out, fault)
    mark = out / "fault"
    assert mark.exists(), done.stderr
    seconds = time.time() - float(mark.read_text())
    said = [line for line in done.stderr.splitlines() if line.startswith(f"rank {1 - fault.rank}")]
    last = checkpoint.latest(out)
    return Outcome(seconds, said[0] if said else "", last and checkpoint.told(last)["step"])


def losses(out: Path) -> list[str]:
    with open(out / "losses.csv", newline="") as file:
        return [row["loss"] for row in csv.DictReader(file)]


def undisturbed(folder: Path) -> list[str]:
    out = folder / "undisturbed"
    done = run(out, Fault("none", 9, "none", 0))
    assert done.returncode == 0, done.stderr
    return losses(out)


def main() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        expected = undisturbed(folder)
        print(f"{'fault':<24} {'ended':>6}  {'checkpoint':<10}  {'resumed':<8}  the other process said")
        for fault in MATRIX:
            out = folder / "-".join(map(str, fault))
            outcome = suffer(out, fault)
            resumed = run(out, fault)
            same = resumed.returncode == 0 and losses(out) == expected
            shown = f"{fault.kind} {fault.rank} {fault.point} {fault.count}"
            read = "none yet" if outcome.published is None else f"step {outcome.published}"
            print(f"{shown:<24} {outcome.seconds:5.1f}s  {read:<10}  {'equal' if same else 'NO':<8}  {outcome.named}")


if __name__ == "__main__":
    main()
