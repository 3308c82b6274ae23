"""Hypothesis here runs PyTorch: no deadline for one example, and the same examples every time."""

from __future__ import annotations

import torch
from hypothesis import settings

settings.register_profile("ops", deadline=None, derandomize=True, database=None, max_examples=100)
settings.load_profile("ops")
torch.set_num_threads(1)
