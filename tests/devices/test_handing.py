"""Transfers of a pipeline have tags of their own: who sends and who is sent agree on them, and on nobody else's."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.testing._internal.distributed.fake_pg import FakeStore

from archdsl.devices.handing import HandingStage
from archdsl.devices.pipeline import SCHEDULES

STAGES, MICROBATCHES, STEPS = 4, 4, 3


def transfers(rank: int, processes: int, schedule: str) -> list[tuple[str, int, int]]:
    """What a process sends and receives, and what it says of it: "send" or "recv", the peer and the tag."""
    found: list[tuple[str, int, int]] = []

    class Recorded(HandingStage):
        def _marked(self, ops: list[dist.P2POp], *where: Any) -> list[dist.P2POp]:
            ops = super()._marked(ops, *where)
            found.extend(("send" if op.op is dist.isend else "recv", op.peer, op.tag) for op in ops)
            return ops

    dist.init_process_group("fake", store=FakeStore(), rank=rank, world_size=processes)
    try:
        example = (torch.zeros(1, 2, requires_grad=True),)
        stages = [
            Recorded(nn.Linear(2, 2), number, STAGES, torch.device("cpu"), example, example)
            for number in range(rank, STAGES, processes)
        ]
        own: Any = stages if len(stages) > 1 else stages[0]
        run: Any = SCHEDULES[schedule](own, MICROBATCHES, loss_fn=nn.functional.mse_loss)  # type: ignore[arg-type]
        for _ in range(STEPS):
            for stage in stages:
                stage.step += 1
            inputs = [torch.zeros(MICROBATCHES, 2)] if rank == 0 else []
            run.step(*inputs, target=torch.zeros(MICROBATCHES, 2) if rank == processes - 1 else None)
    finally:
        dist.destroy_process_group()
    return found


@pytest.mark.parametrize(("processes", "schedule"), [(4, "gpipe"), (4, "1f1b"), (2, "interleaved")])
def test_both_ends_of_a_transfer_have_its_tag_and_nobody_else(processes: int, schedule: str) -> None:
    told = {rank: transfers(rank, processes, schedule) for rank in range(processes)}
    sent = Counter((rank, peer, tag) for rank, each in told.items() for way, peer, tag in each if way == "send")
    received = Counter((peer, rank, tag) for rank, each in told.items() for way, peer, tag in each if way == "recv")
    assert sent == received
    assert sent.total() == 2 * (STAGES - 1) * MICROBATCHES * STEPS
    assert max(sent.values()) == 1
