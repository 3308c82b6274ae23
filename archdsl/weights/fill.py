"""Numbers from a file into a module: all that a report speaks of, or none."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archdsl.reading import refusal
from archdsl.weights.read import read_tensors
from archdsl.weights.report import Report, Wanted


def held(module: nn.Module) -> list[Wanted]:
    """What a module wants from a file, in the order of its state dict. One tensor under two names is a tie."""
    first: dict[int, str] = {}
    found: list[Wanted] = []
    for key, tensor in _state(module).items():
        owner = first.setdefault(id(tensor), key)
        dtype = str(tensor.dtype).removeprefix("torch.")
        found.append(Wanted(key, tuple(tensor.shape), dtype, "" if owner == key else owner))
    return found


def fill(module: nn.Module, report: Report) -> None:
    """Copy what the report has as loaded, converted to the module's types and on its device.

    All tensors are at hand before the first is copied: a file that can't be read leaves the module as it was.

    Raises:
        Refusal: the file can't be read any more or contradicts itself, or the module is on "meta".
    """
    from archdsl.errors.weights import NoMemoryBehind

    state = _state(module)
    for pair in report.loaded:
        if state[pair.wanted.key].is_meta:
            raise refusal(NoMemoryBehind(report.path, pair.wanted.key), report.path)
    found = read_tensors(report)
    with torch.no_grad():
        for key, tensor in found.items():
            state[key].copy_(tensor)


def _state(module: nn.Module) -> dict[str, Tensor]:
    return module.state_dict(keep_vars=True)
