"""`archdsl.run` with a fault in one process, once: what the tests of faults start under torchrun.

FAULT is "kind rank point count": kill, hang or stray (take another turn than the others); in which process; where; at
which time that it comes by there, counted from 1. Points: step (before it), before, during, after (an exchange), save,
saved, named (of a checkpoint: before torch writes, before the folder has its name, before `latest` names it). A file
beside the checkpoints says that it happened.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from archdsl.devices import checkpoint, transfers, watch
from archdsl.devices.processes import ProcessLink
from archdsl.run import __main__ as command
from archdsl.run.training import Training

KIND, RANK, POINT, COUNT = os.environ["FAULT"].split()
MARK = Path(os.environ["FAULT_MARK"])
seen = 0


def passing(point: str) -> bool:
    """Whether the fault is due here."""
    global seen
    if point != POINT or os.environ["RANK"] != RANK or MARK.exists():
        return False
    seen += 1
    return seen == int(COUNT)


def fail() -> None:
    MARK.write_text(str(time.time()))
    if KIND == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    while True:
        time.sleep(1)


def around(cls: type, name: str) -> None:
    """Faults before and after a link's method."""
    method: Any = getattr(cls, name)

    def faulty(self: object, *args: object) -> object:
        if passing("before"):
            if KIND == "stray":
                MARK.write_text(str(time.time()))
                token = transfers._where.set("another line, forward")
                try:
                    return method(self, *args)
                finally:
                    transfers._where.reset(token)
            fail()
        result = method(self, *args)
        if passing("after"):
            fail()
        return result

    setattr(cls, name, faulty)


def before(module: Any, name: str, point: str) -> None:
    """A fault before a function; of torch's own renaming of files nothing is wanted here."""
    function: Any = getattr(module, name)

    def faulty(*args: Any, **kwargs: Any) -> Any:
        if not str(args[0]).endswith(".metadata.tmp") and passing(point):
            fail()
        return function(*args, **kwargs)

    setattr(module, name, faulty)


for each in ("all_gather", "sum_of_parts", "sum"):
    around(watch.WatchedLink, each)
before(ProcessLink, "_all_to_all", "during")
before(Training, "step", "step")
before(checkpoint, "save", "save")
before(checkpoint.os, "rename", "saved")
before(checkpoint.os, "replace", "named")

if __name__ == "__main__":
    sys.argv[0] = "archdsl.run"
    command.main()
