"""Watching over the processes of a group: one that dies, hangs or takes another turn is named by all others, in a
bounded time, with the place in the spec.

Every process writes down in the group's store, once a second, that it lives, and where it waits. Before it tells its
numbers to the others it tells them where it is: were two processes at different exchanges of one shape, they would swap
their numbers without an error.
"""

from __future__ import annotations

import json
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch._C._distributed_c10d import Store  # the one place that pyright knows it from

from archdsl.devices.processes import ProcessLink
from archdsl.devices.transfers import whereabouts

BEAT = 1.0
"""Seconds between two signs of life."""
SILENT = 3.5
"""Seconds without one, after which a process counts as dead."""

T = TypeVar("T")


class PeerLost(RuntimeError):
    """Another process of the group died, hangs, or is elsewhere. The message names rank and place."""


class Watch:
    """This process's signs of life, and what is known of the others'. As a context: the writing ends with it."""

    def __init__(self, store: Store | None = None, rank: int | None = None, size: int | None = None) -> None:
        self.rank = dist.get_rank() if rank is None else rank
        self.size = dist.get_world_size() if size is None else size
        self._store = dist.PrefixStore("archdsl/watch", store or dist.distributed_c10d._get_default_store())  # pyright: ignore
        self.step = 0
        self.where = "the start"
        self._left = False
        self._dead: set[int] = set()
        self._signs_given = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="archdsl watch", daemon=True)

    def __enter__(self) -> Watch:
        self._write()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def meet(self, where: str, do: Callable[[], T]) -> T:
        """Do what all processes do together at a place. Raises `PeerLost`."""
        self.where = where
        return self.during(do)

    def during(self, do: Callable[[], T]) -> T:
        """Do what is the same for all processes, and says by itself where it is. Raises `PeerLost`."""
        try:
            return do()
        except (RuntimeError, dist.DistError) as problem:
            if isinstance(problem, PeerLost):
                raise
            raise PeerLost(f"{self.place}: {self.missing()} ({_in_brief(problem)})") from problem

    @property
    def place(self) -> str:
        """Who this is, and where."""
        return f"rank {self.rank}, at {self.where} of step {self.step}"

    def leave(self) -> None:
        """Tell the others that this process ends as it misses another, and see to it that they can still ask.

        The first process keeps the store that all write in, so it stays for them, for a moment.
        """
        self._left = True
        try:
            self._write()
            asked = time.monotonic()
            while self.rank == 0 and time.monotonic() - asked < 2 * SILENT and any(self._staying()):
                time.sleep(0.1)
        except (RuntimeError, dist.DistError):
            return

    def _staying(self) -> Iterator[bool]:
        for rank, found in self._signs().items():
            yield rank not in self._dead and found is not None and not found["left"]

    def missing(self) -> str:
        """Why another one does not answer, as far as is known."""
        return self.others() or self._all_there()

    def others(self) -> str:
        """Who is dead; where nobody is, who is where; "" if all are here.

        It takes as long as a process may be silent. Clocks are not compared: those of two machines may differ.
        """
        try:
            before = self._signs()
            time.sleep(SILENT)
            after = self._signs()
        except (RuntimeError, dist.DistError):
            return "the group's store is gone, and with it the process that kept it: rank 0, or the launcher"
        dead: list[str] = []
        living: list[str] = []
        scattered = False
        for rank, found in after.items():
            if found is None:
                dead.append(f"rank {rank} never began")
                continue
            place = f"at {found['where']} of step {found['step']}"
            here = (found["where"], found["step"]) == (self.where, self.step)
            scattered |= found["left"] or not here
            if found["left"]:
                living.append(f"rank {rank} has ended {place}, as it missed another")
            elif found == before[rank]:
                self._dead.add(rank)
                dead.append(f"rank {rank} is dead: no sign of life in {SILENT} s, the last one {place}")
            elif here:
                living.append(f"rank {rank} lives and is there too")
            else:
                living.append(f"rank {rank} lives, but is {place}")
        return "; ".join(dead or (living if scattered else ()))

    def _all_there(self) -> str:
        others = [str(rank) for rank in range(self.size) if rank != self.rank]
        if len(others) == 1:
            return f"rank {others[0]} lives and is there too, but does not answer"
        return f"ranks {', '.join(others)} live and are there too, but one of them does not answer"

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            try:
                self._write()
            except (RuntimeError, dist.DistError):
                return  # the store is gone, and the run with it

    def _write(self) -> None:
        self._signs_given += 1
        told = {"sign": self._signs_given, "step": self.step, "where": self.where, "left": self._left}
        self._store.set(str(self.rank), json.dumps(told))

    def _signs(self) -> dict[int, dict[str, Any] | None]:
        """The last sign of life of each other process."""
        keys = {rank: str(rank) for rank in range(self.size) if rank != self.rank}
        return {
            rank: json.loads(self._store.get(key)) if self._store.check([key]) else None for rank, key in keys.items()
        }


def _in_brief(problem: BaseException) -> str:
    """The first sentence, without the place in gloo's source that it starts with."""
    first_line = str(problem).strip().partition("\n")[0]
    return re.sub(r"^\[[^]]*:\d+\] ", "", first_line).partition(". ")[0] or type(problem).__name__


class WatchedLink(ProcessLink):
    """A link whose processes say where they are before they say anything else."""

    watched = True

    def __init__(self, watch: Watch, group: dist.ProcessGroup | None = None) -> None:
        super().__init__(group)
        self._watch = watch
        self._ranks = dist.get_process_group_ranks(group or dist.group.WORLD)  # pyright: ignore[reportArgumentType]

    def all_gather(self, x: Tensor, axis: int, sizes: Sequence[int]) -> Tensor:
        return self._met(lambda: super(WatchedLink, self).all_gather(x, axis, sizes))

    def sum_of_parts(self, x: Tensor, axis: int, sizes: Sequence[int]) -> Tensor:
        return self._met(lambda: super(WatchedLink, self).sum_of_parts(x, axis, sizes))

    def sum(self, x: Tensor) -> Tensor:
        return self._met(lambda: super(WatchedLink, self).sum(x))

    def tell(self, x: Tensor, device: int) -> Tensor:
        return self._met(lambda: super(WatchedLink, self).tell(x, device))

    def _met(self, do: Callable[[], Tensor]) -> Tensor:
        where = whereabouts()

        def together() -> Tensor:
            self._need_one_place(where)
            return do()

        return self._watch.meet(where, together)

    def _need_one_place(self, where: str) -> None:
        """Every process of the group is at this place of this step."""
        tag = torch.tensor([self._watch.step, zlib.crc32(where.encode())])
        tags = [torch.empty_like(tag) for _ in range(self.size)]
        dist.all_gather(tags, tag, group=self.group)
        elsewhere = [self._ranks[i] for i, other in enumerate(tags) if not torch.equal(other, tag)]
        if elsewhere:
            self._watch._write()  # pyright: ignore[reportPrivateUsage]
            raise PeerLost(
                f"rank {self._watch.rank} is at {where} of step {self._watch.step}, but rank"
                f"{'s' * (len(elsewhere) > 1)} {', '.join(map(str, elsewhere))} elsewhere: {self._watch.missing()}"
            )
