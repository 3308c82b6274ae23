"""The tensors of a file that a report speaks of, read by the library."""

from __future__ import annotations

from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from archdsl.reading import refusal
from archdsl.weights.report import Report


def read_tensors(report: Report) -> dict[str, Tensor]:
    """What the file has for each key that the report calls loaded, in the file's type; mapped, not copied.

    Raises:
        Refusal: the file changed since its header was read, or differs in what is one tensor in the network.
    """
    from archdsl.errors.weights import NotSafetensors, TiesDiffer

    try:
        with cast(Any, safe_open)(report.path, framework="pt", device="cpu") as file:
            found: dict[str, Tensor] = {pair.wanted.key: file.get_tensor(pair.stored.key) for pair in report.loaded}
    except (SafetensorError, OSError) as problem:
        raise refusal(NotSafetensors(report.path, str(problem)), report.path) from None
    stored = {pair.wanted.key: pair.stored for pair in report.loaded}
    if any(tuple(tensor.shape) != stored[key].shape for key, tensor in found.items()):
        raise refusal(NotSafetensors(report.path, "it changed while it was read"), report.path)
    for pair in report.loaded:
        key, owner = pair.wanted.key, pair.wanted.tied
        if owner in found and not torch.equal(found[key], found[owner]):
            raise refusal(TiesDiffer(report.path, stored[owner].key, stored[key].key), report.path)
    return found
