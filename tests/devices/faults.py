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
    at: int
    """At which time that the process comes by the point: see `faulty.py`."""


class Outcome(NamedTuple):
    seconds: float
    named: str
    """What the other process said."""
    published: int | None
    """The step of the checkpoint that is to be read."""


STEP = (("step", 1, 3), ("optimizer", 1, 3))
EXCHANGES = tuple(
    (f"{way}.{point}", 1, count)
    for way, count in (("forward", 10), ("backward", 8))
    for point in ("before", "during", "after")
)
"""In step 3: there are 4 forward in a step, and 3 backward."""
SAVES = (("save", 1, 2), ("saving", 1, 45), ("saved", 0, 2), ("named", 0, 2), ("published", 0, 2))
"""In step 4, which is to publish the second checkpoint. The first process gives it its name."""
ASTRAY = ("step", "forward.before", "forward.after", "backward.before", "backward.after", "save")

MATRIX = (
    *(Fault(kind, rank, point, at) for kind in ("kill", "hang") for point, rank, at in (*STEP, *EXCHANGES, *SAVES)),
    *(Fault("stray", rank, point, at) for point, rank, at in (*STEP, *EXCHANGES, *SAVES) if point in ASTRAY),
    Fault("kill", 0, "forward.before", 1),
    Fault("hang", 0, "backward.during", 1),
    Fault("stray", 0, "forward.before", 6),
)
"""Also of the first process, and in the first step."""


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


def main() -> int:
    """The whole matrix, or what of it is named: "kill 1 save 2"."""
    asked = set(sys.argv[1:])
    wrong = 0
    with TemporaryDirectory() as name:
        folder = Path(name)
        expected = undisturbed(folder)
        print("| fault | ends after | checkpoint | resumed | the other process said |")
        print("|---|---|---|---|---|", flush=True)
        for fault in MATRIX:
            shown = " ".join(map(str, fault))
            if asked and shown not in asked:
                continue
            out = folder / shown.replace(" ", "-")
            outcome = suffer(out, fault)
            resumed = run(out, fault)
            same = resumed.returncode == 0 and losses(out) == expected
            named = f"rank {fault.rank}" in outcome.named
            wrong += not (same and named)
            read = "none yet" if outcome.published is None else f"step {outcome.published}"
            print(
                f"| {shown} | {outcome.seconds:.1f} s | {read} | {'equal' if same else 'NO'} | {outcome.named} |",
                flush=True,
            )
    return wrong


if __name__ == "__main__":
    sys.exit(main())
