"""Dropout of some rows of a batch, where other processes have the others: together they drop what one device would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

DROPOUTS = {F.dropout, F.dropout1d, F.dropout2d, F.dropout3d}
"""PyTorch hands them to a mode as it was given them: x, then p, training and inplace by name."""


class DrawingForAll(TorchFunctionMode):
    """Dropouts that are called meanwhile draw for the whole batch, and use what belongs to their own rows.

    It has `count` parts of as many rows each, of which these are part `index`.
    """

    def __init__(self, index: int, count: int) -> None:
        super().__init__()
        self.index = index
        self.count = count

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if func not in DROPOUTS or not given["training"] or given["p"] == 0:
            return func(*args, **given)
        (x,) = args
        rows = x.shape[0]
        # Each map is drawn once by the dropouts of whole maps, so ones of the same shape draw the same numbers.
        whole = x.new_ones(rows * self.count, *x.shape[1:])
        factors = func(whole, p=given["p"], training=True).narrow(0, rows * self.index, rows)
        return x.mul_(factors) if given["inplace"] else x * factors
