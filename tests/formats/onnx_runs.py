"""What onnxruntime makes of a written model, against the module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn


def session(data: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def difference(data: bytes, module: nn.Module, inputs: Sequence[Tensor]) -> float:
    """The largest difference of the outputs, in parts of the largest output. Infinite where shapes differ."""
    run = session(data)
    names = [value.name for value in run.get_inputs()]
    theirs = cast("list[np.ndarray]", run.run(None, {name: x.numpy() for name, x in zip(names, inputs)}))
    with torch.no_grad():
        made = module(*inputs)
    ours = [made] if isinstance(made, Tensor) else [value for value in made if value is not None]
    assert len(ours) == len(theirs)
    return max(map(_apart, ours, theirs))


def _apart(ours: Tensor, theirs: np.ndarray) -> float:
    if tuple(ours.shape) != theirs.shape:
        return float("inf")
    assert float(ours.std()) > 0, "outputs that are all alike would be equal whatever the network is"
    return float(np.abs(ours.numpy() - theirs).max() / ours.abs().max())
