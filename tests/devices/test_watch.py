"""What is said of a step that failed: where, what is known of the other processes, and what torch said."""

from __future__ import annotations

import pytest
import torch
from torch.distributed import HashStore

from archdsl.devices import watch as watching
from archdsl.devices.watch import PeerLost, Watch

GLOO = "[/src/gloo/transport/tcp/pair.cc:545] Read error [127.0.0.1]:4277: reset by peer. Check the logs.\nat ..."


def failing(problem: Exception) -> None:
    raise problem


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> tuple[Watch, Watch]:
    """The watches of two processes that share a store, both just begun. Nobody is waited for."""
    monkeypatch.setattr(watching.time, "sleep", lambda _: None)
    store = HashStore()
    both = Watch(store, 0, 2), Watch(store, 1, 2)
    for each in both:
        each._write()
    return both


def test_both_are_there(pair: tuple[Watch, Watch]) -> None:
    for each in pair:
        each.where, each.step = "the end", 3
        each._write()
    with pytest.raises(PeerLost) as lost:
        pair[0].meet("the end", lambda: failing(RuntimeError(GLOO)))
    assert str(lost.value) == (
        "rank 0, at the end of step 3: rank 1 lives and is there too, but does not answer "
        "(Read error [127.0.0.1]:4277: reset by peer)"
    )


def test_what_failed_here_is_not_laid_to_the_other_alone(pair: tuple[Watch, Watch]) -> None:
    with pytest.raises(PeerLost, match=r"but is at the start of step 0 \(out of memory\)$"):
        pair[0].meet("the end", lambda: failing(torch.OutOfMemoryError("out of memory")))


def test_what_is_no_fault_of_the_group_is_left(pair: tuple[Watch, Watch]) -> None:
    with pytest.raises(KeyError):
        pair[0].meet("the end", lambda: failing(KeyError("x")))


def test_one_of_several_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching.time, "sleep", lambda _: None)
    store = HashStore()
    watches = [Watch(store, rank, 3) for rank in range(3)]
    for each in watches:
        each._write()
    assert watches[1].missing() == "ranks 0, 2 live and are there too, but one of them does not answer"


def test_some_are_there_and_some_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching.time, "sleep", lambda _: None)
    store = HashStore()
    watches = [Watch(store, rank, 3) for rank in range(3)]
    watches[2].where = "the end"
    for each in watches:
        each._write()
    assert watches[0].missing() == "rank 1 lives and is there too; rank 2 lives, but is at the end of step 0"


def test_one_that_has_ended_itself(pair: tuple[Watch, Watch]) -> None:
    pair[1].leave()
    pair[1]._write()  # as its thread goes on to do
    assert pair[0].missing() == "rank 1 has ended at the start of step 0, as it missed another"


def test_who_keeps_the_store_stays_until_the_others_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    store, waited = HashStore(), list[float]()
    keeper, other = Watch(store, 0, 2), Watch(store, 1, 2)
    other._write()

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            other.leave()

    monkeypatch.setattr(watching.time, "sleep", sleep)
    keeper.leave()
    assert len(waited) == 3


def test_one_that_never_began(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching.time, "sleep", lambda _: None)
    assert Watch(HashStore(), 0, 2).missing() == "rank 1 never began"
