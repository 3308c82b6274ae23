"""The fault matrix: kill, hang and misorder a process at each point of a step and of a save, under torchrun.

    python -m tests.devices.faults [WORD ...]

For each fault (or those whose name has all of the words): how long the other processes took to end, whether each named
the rank, and what it said; whether the last checkpoint could still be read, and whether the run, resumed, ends with the
losses of one that was never disturbed.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from archdsl.devices import checkpoint

ROOT = Path(__file__).parent.parent.parent
TIMEOUT = 6
"""Seconds that a process waits for its peer."""
STEPS, SAVE_EVERY = 6, 2


class Layout(NamedTuple):
    spec: Path
    processes: int


LAYOUTS = {
    "split": Layout(ROOT / "examples" / "two_devices.arch", 2),
    "replicas": Layout(ROOT / "examples" / "two_devices.arch", 4),  # data x split: ranks 2 and 3 are the second replica
    "stages": Layout(Path(__file__).parent / "four_stages.arch", 4),
    "replicas-of-stages": Layout(Path(__file__).parent / "four_stages.arch", 8),
}


class Fault(NamedTuple):
    layout: str
    kind: str
    rank: int
    point: str
    at: int
    """At which time that the process comes by the point: see `faulty.py`."""

    def __str__(self) -> str:
        return f"{self.layout} {self.kind} {self.rank} {self.point} {self.at}"


class Outcome(NamedTuple):
    seconds: float
    said: dict[int, str]
    """What the other processes said."""
    published: int | None
    """The step of the checkpoint that is to be read."""

    def names(self, fault: Fault) -> bool:
        """Whether every other process named the one that failed."""
        others = set(range(LAYOUTS[fault.layout].processes)) - {fault.rank}
        return self.said.keys() == others and all(_named(fault.rank, said) for said in self.said.values())


def _named(rank: int, said: str) -> bool:
    """That of rank 0 may be the loss of the store that all write in."""
    return re.search(rf"ranks? (\d+, )*{rank}\b", said.partition(",")[2]) is not None


STEP = (("step", 1, 3), ("optimizer", 1, 3))
EXCHANGES = tuple(
    (f"{way}.{point}", 1, count)
    for way, count in (("forward", 10), ("backward", 8))
    for point in ("before", "during", "after")
)
"""In step 3: there are 4 forward in a step, and 3 backward."""
SAVES = (("save", 1, 2), ("saving", 1, 45), ("saved", 0, 2), ("named", 0, 2), ("published", 0, 2))
"""In step 4, which is to publish the second checkpoint. The first process gives it its name."""
STAGES = tuple(
    (f"{what}.{way}", 1, count) for way in ("forward", "backward") for what, count in (("stage", 10), ("handed", 19))
)
"""In step 3, of 4 microbatches: the second stage computes 4 times, and is handed or hands on 8 times, each way."""
ASTRAY = (
    *("step", "forward.before", "forward.after", "backward.before", "backward.after", "save"),
    *("handed.forward", "handed.backward"),
)


def _faults(layout: str, *points: tuple[str, int, int]) -> Iterator[Fault]:
    for kind in ("kill", "hang", "stray"):
        yield from (
            Fault(layout, kind, rank, point, at) for point, rank, at in points if kind != "stray" or point in ASTRAY
        )


MATRIX = (
    *_faults("split", *STEP, *EXCHANGES, *SAVES),
    # Also of the first process, and in the first step.
    Fault("split", "kill", 0, "forward.before", 1),
    Fault("split", "hang", 0, "backward.during", 1),
    Fault("split", "stray", 0, "forward.before", 6),
    *_faults("replicas", ("step", 3, 3), ("forward.before", 3, 10), ("backward.during", 3, 8), ("optimizer", 3, 3)),
    *_faults("replicas", ("save", 3, 2), ("saving", 3, 20)),
    Fault("replicas", "kill", 0, "backward.after", 8),
    *_faults("stages", *STEP, *STAGES, ("save", 1, 2), ("saving", 1, 5)),
    Fault("stages", "kill", 0, "stage.backward", 10),
    Fault("stages", "kill", 3, "stage.forward", 10),
    Fault("replicas-of-stages", "kill", 6, "stage.backward", 10),
    Fault("replicas-of-stages", "hang", 6, "optimizer", 3),
)


def command(layout: Layout, out: Path, *, restarts: int = 0) -> list[str]:
    processes = str(layout.processes)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", processes]
    asked = ["--steps", str(STEPS), "--save-every", str(SAVE_EVERY), "--batch", "16", "--timeout", str(TIMEOUT)]
    script = str(Path(__file__).parent / "faulty.py")
    return [*launch, "--max-restarts", str(restarts), script, str(layout.spec), "--out", str(out), *asked]


def run(out: Path, fault: Fault, *, restarts: int = 0) -> subprocess.CompletedProcess[str]:
    """The run with a fault; one that has happened before, by its mark, does not happen again."""
    environment = {
        **os.environ,
        "FAULT": " ".join(map(str, fault[1:])),
        "FAULT_MARK": str(out / "fault"),
        "OMP_NUM_THREADS": "1",
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
        "PYTHONPATH": str(ROOT),
    }
    out.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        command(LAYOUTS[fault.layout], out, restarts=restarts),
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=ROOT,
    )


def suffer(out: Path, fault: Fault) -> Outcome:
    """What came of a fault."""
    done = run(out, fault)
    mark = out / "fault"
    assert mark.exists(), done.stderr
    seconds = time.time() - float(mark.read_text())
    said = {int(found[1]): found[0] for found in re.finditer(r"^rank (\d+),? .*", done.stderr, re.MULTILINE)}
    said.pop(fault.rank, None)  # one that was hung up, or took another turn, has its own view
    last = checkpoint.latest(out)
    return Outcome(seconds, said, last and checkpoint.told(last)["step"])


def losses(out: Path) -> list[str]:
    with open(out / "losses.csv", newline="") as file:
        return [row["loss"] for row in csv.DictReader(file)]


def undisturbed(folder: Path, layout: str) -> list[str]:
    out = folder / f"{layout}-undisturbed"
    done = run(out, Fault(layout, "none", 9, "none", 0))
    assert done.returncode == 0, done.stderr
    return losses(out)


def main() -> int:
    asked = sys.argv[1:]
    wrong = 0
    with TemporaryDirectory() as name:
        folder = Path(name)
        expected: dict[str, list[str]] = {}
        print("| fault | ends after | checkpoint | resumed | the other processes said |")
        print("|---|---|---|---|---|", flush=True)
        for fault in MATRIX:
            if not set(asked) <= set(str(fault).split()):
                continue
            if fault.layout not in expected:
                expected[fault.layout] = undisturbed(folder, fault.layout)
            out = folder / str(fault).replace(" ", "-")
            outcome = suffer(out, fault)
            resumed = run(out, fault)
            same = resumed.returncode == 0 and losses(out) == expected[fault.layout]
            wrong += not (same and outcome.names(fault))
            read = "none yet" if outcome.published is None else f"step {outcome.published}"
            said = "; ".join(outcome.said[rank] for rank in sorted(outcome.said))
            print(
                f"| {fault} | {outcome.seconds:.1f} s | {read} | {'equal' if same else 'NO'} "
                f"| {'' if outcome.names(fault) else 'NOT NAMED: '}{said} |",
                flush=True,
            )
    return wrong


if __name__ == "__main__":
    sys.exit(main())
