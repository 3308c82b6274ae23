"""`archdsl.run` with a fault in one process, once: what the tests of faults start under torchrun.

FAULT is "kind rank point count": kill, hang or stray (take another turn than the others); in which process; where; at
which time that it comes by there, counted from 1. A file beside the checkpoints says that it happened. The points:

* step: before it. Astray, the process leaves it out.
* forward.before, .during, .after: of an exchange; during: all have said where they are, the others tell their numbers.
  Astray before it, the process says that it is at another line; behind it, it does it a second time.
* backward.before, .during, .after: the same of an exchange of gradients.
* stage.forward, stage.backward: before a stage of a pipeline computes a microbatch.
* handed.forward, handed.backward: before it is handed one, or hands it on. Astray, it takes it for the next one.
* optimizer: within its step, before weights change.
* save, saving, saved, named, published: before torch writes a checkpoint, while it does, before its folder has a name,
  before `latest` names it, behind all. Astray, the process leaves the save out.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.distributed.checkpoint import filesystem

from archdsl.devices import checkpoint, transfers, watch
from archdsl.devices.handing import HandingStage
from archdsl.devices.processes import ProcessLink
from archdsl.run.__main__ import command
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


def happens() -> None:
    MARK.write_text(str(time.time()))


def fail() -> None:
    happens()
    if KIND == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    while True:
        time.sleep(1)


def direction() -> str:
    return transfers.whereabouts().rpartition(" ")[2]


def around(name: str) -> None:
    """Faults before, during and after a link's method."""
    watched: Any = getattr(watch.WatchedLink, name)
    telling: Any = getattr(ProcessLink, name)

    def faulty(self: object, *args: object) -> object:
        if passing(f"{direction()}.before"):
            if KIND != "stray":
                fail()
            happens()
            token = transfers._where.set("another line, forward")
            try:
                return watched(self, *args)
            finally:
                transfers._where.reset(token)
        result = watched(self, *args)
        if passing(f"{direction()}.after"):
            if KIND != "stray":
                fail()
            happens()
            return watched(self, *args)
        return result

    def faulty_telling(self: object, *args: object) -> object:
        if passing(f"{direction()}.during"):
            fail()
        return telling(self, *args)

    setattr(watch.WatchedLink, name, faulty)
    setattr(ProcessLink, name, faulty_telling)


def around_handing() -> None:
    """Faults before what stages hand on."""
    marked: Any = HandingStage._marked

    def faulty(self: object, ops: list[Any], above: int, chunk: int, direction: str) -> list[Any]:
        ops = marked(self, ops, above, chunk, direction)
        if ops and passing(f"handed.{direction}"):
            if KIND != "stray":
                fail()
            happens()
            return marked(self, ops, above, chunk + 1, direction)
        return ops

    HandingStage._marked = faulty  # type: ignore[method-assign]


def before(owner: Any, name: str, point: str, due: Callable[..., bool] = lambda *_, **__: True) -> None:
    """A fault before a function, where it is due. Astray, it is not called."""
    function: Any = getattr(owner, name)

    def faulty(*args: Any, **kwargs: Any) -> Any:
        if due(*args, **kwargs) and passing(point):
            if KIND != "stray":
                fail()
            happens()
            return None
        return function(*args, **kwargs)

    setattr(owner, name, faulty)


for each in ("all_gather", "sum_of_parts", "sum"):
    around(each)
around_handing()
before(HandingStage, "forward_one_chunk", "stage.forward")
before(HandingStage, "backward_one_chunk", "stage.backward")
before(Training, "step", "step")
before(torch.optim.SGD, "_init_group", "optimizer")
before(checkpoint, "publish", "save")
before(filesystem, "_write_item", "saving")
before(checkpoint.os, "rename", "saved", lambda source, _: Path(source).name.startswith("step-"))
before(checkpoint, "write", "named", lambda path, _: Path(path).name == checkpoint.LATEST)
before(checkpoint, "_forget", "published")

if __name__ == "__main__":
    command(prog_name="archdsl.run")
