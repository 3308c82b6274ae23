"""What is said of a step that failed: where, what is known of the other processes, and what torch said."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.distributed import HashStore

from archdsl.devices import watch as watching
from archdsl.devices.watch import PeerLost, Watch

GLOO = "[/src/gloo/transport/tcp/pair.cc:545] Read error [127.0.0.1]:4277: reset by peer. Check the logs.\nat ..."


def failing(problem: Exception) -> None:
    raise problem


class Group(list[Watch]):
    """The watches of processes that share a store, all just begun; `dead` ones give no more signs of life."""

    def __init__(self, size: int) -> None:
        store = HashStore()
        super().__init__(Watch(store, rank, size) for rank in range(size))
        self.dead: set[Watch] = set()
        self.naps: list[float] = []
        self.then: Callable[[], None] = lambda: None
        self.sleep(0)

    def sleep(self, seconds: float) -> None:
        """Nobody waits; meanwhile the others live on."""
        self.naps.append(seconds)
        self.then()
        for each in self:
            if each not in self.dead:
                each._write()


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Group]:
    def made(size: int) -> Group:
        watches = Group(size)
        monkeypatch.setattr(watching.time, "sleep", watches.sleep)
        return watches

    return made


def test_both_are_there(group: Callable[[int], Group]) -> None:
    pair = group(2)
    for each in pair:
        each.where, each.step = "the end", 3
    with pytest.raises(PeerLost) as lost:
        pair[0].meet("the end", lambda: failing(RuntimeError(GLOO)))
    assert str(lost.value) == (
        "rank 0, at the end of step 3: rank 1 lives and is there too, but does not answer "
        "(Read error [127.0.0.1]:4277: reset by peer)"
    )


def test_the_dead_are_named_alone(group: Callable[[int], Group]) -> None:
    three = group(3)
    three.dead.add(three[2])
    assert three[0].missing() == "rank 2 is dead: no sign of life in 3.5 s, the last one at the start of step 0"


def test_what_failed_here_is_not_laid_to_the_other_alone(group: Callable[[int], Group]) -> None:
    with pytest.raises(PeerLost, match=r"but is at the start of step 0 \(out of memory\)$"):
        group(2)[0].meet("the end", lambda: failing(torch.OutOfMemoryError("out of memory")))


def test_what_is_no_fault_of_the_group_is_left(group: Callable[[int], Group]) -> None:
    with pytest.raises(KeyError):
        group(2)[0].meet("the end", lambda: failing(KeyError("x")))


def test_one_of_several_does_not_answer(group: Callable[[int], Group]) -> None:
    assert group(3)[1].missing() == "ranks 0, 2 live and are there too, but one of them does not answer"


def test_some_are_there_and_some_elsewhere(group: Callable[[int], Group]) -> None:
    three = group(3)
    three[2].where = "the end"
    assert three[0].missing() == "rank 1 lives and is there too; rank 2 lives, but is at the end of step 0"


def test_one_that_has_ended_itself(group: Callable[[int], Group]) -> None:
    pair = group(2)
    pair[1].leave()
    assert pair[0].missing() == "rank 1 has ended at the start of step 0, as it missed another"


def test_who_keeps_the_store_stays_until_the_others_have_ended(group: Callable[[int], Group]) -> None:
    """But not for one that is dead."""
    three = group(3)
    three.dead.add(three[2])
    assert "rank 2 is dead" in three[0].missing()
    three.naps.clear()
    three.then = lambda: three[1].leave() if len(three.naps) == 3 else None
    three[0].leave()
    assert len(three.naps) == 3


def test_one_that_never_began(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching.time, "sleep", lambda _: None)
    assert Watch(HashStore(), 0, 2).missing() == "rank 1 never began"
