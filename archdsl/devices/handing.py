# pyright: reportUnknownMemberType=false
"""A pipeline's stage that says what it hands on and is handed, and marks it.

Transfers are told apart by their tags: processes in different turns wait for each other, and never take the numbers of
one microbatch, stage or step for those of another of the same shape. (Of NCCL's transfers the order alone tells.)
"""

from __future__ import annotations

from typing import Any

import torch.distributed as dist
from torch.distributed.pipelining import PipelineStage

from archdsl.devices.watch import Watch

TAGS = 2**31
"""How many tags gloo tells apart."""


class HandingStage(PipelineStage):
    """step:  counts the steps; who runs the schedule counts it up, in every process.
    watch: is told which transfer comes next, or which microbatch is computed: "stage 1 to 2, microbatch 4, forward".
    """

    def __init__(self, *args: Any, watch: Watch | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.step = 0
        self.watch = watch

    def forward_one_chunk(self, fwd_chunk_id: int, *args: Any, **kwargs: Any) -> Any:
        self._say(f"stage {self.stage_index + 1}, microbatch {fwd_chunk_id + 1}, forward")
        return super().forward_one_chunk(fwd_chunk_id, *args, **kwargs)

    def backward_one_chunk(self, bwd_chunk_id: int, *args: Any, **kwargs: Any) -> Any:
        self._say(f"stage {self.stage_index + 1}, microbatch {bwd_chunk_id + 1}, backward")
        return super().backward_one_chunk(bwd_chunk_id, *args, **kwargs)

    def get_fwd_recv_ops(self, fwd_chunk_id: int) -> list[dist.P2POp]:
        return self._marked(super().get_fwd_recv_ops(fwd_chunk_id), self.stage_index - 1, fwd_chunk_id, "forward")

    def get_fwd_send_ops(self, fwd_chunk_id: int) -> list[dist.P2POp]:
        return self._marked(super().get_fwd_send_ops(fwd_chunk_id), self.stage_index, fwd_chunk_id, "forward")

    def get_bwd_recv_ops(self, bwd_chunk_id: int) -> list[dist.P2POp]:
        return self._marked(super().get_bwd_recv_ops(bwd_chunk_id), self.stage_index, bwd_chunk_id, "backward")

    def get_bwd_send_ops(self, bwd_chunk_id: int) -> list[dist.P2POp]:
        return self._marked(super().get_bwd_send_ops(bwd_chunk_id), self.stage_index - 1, bwd_chunk_id, "backward")

    def _marked(self, ops: list[dist.P2POp], above: int, chunk: int, direction: str) -> list[dist.P2POp]:
        """Transfers between the stage `above`, counted from 0, and the next one."""
        backward = direction == "backward"
        if ops:
            ends = (above + 2, above + 1) if backward else (above + 1, above + 2)
            self._say(f"stage {ends[0]} to {ends[1]}, microbatch {chunk + 1}, {direction}")
        turn = (self.step * 2 + backward) * self.num_stages + above
        for op in ops:
            op.tag = (turn * (self.chunks or 1) + chunk) % TAGS
        return ops

    def _say(self, where: str) -> None:
        if self.watch is not None:
            self.watch.where = where
