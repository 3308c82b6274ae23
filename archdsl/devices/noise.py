"""Dropouts of a network that several devices run together: they drop what one device would.

A dropout is asked for its noise alone, for as much as one device would draw; then the own part of it is applied to the
own value. So whatever a device has of a value, or if it has none of it, its generator goes on as the others' do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from archdsl.ops.noise import Noise

SCALING = {F.dropout, F.dropout1d, F.dropout2d, F.dropout3d}
"""Their noise is a factor for each number, 0 or 1 / (1 - p): what they make of ones."""
SHIFTING = {F.alpha_dropout, F.feature_alpha_dropout}
"""Their noise is what they make of zeros: what is added to a number, below 0 where it is dropped."""
OF_MAPS = {F.dropout1d, F.dropout2d, F.dropout3d, F.feature_alpha_dropout}
"""They draw once for each map."""
ALPHA = 1.7580993408473766
"""Of SELU, lambda alpha: what is dropped is set to -ALPHA before numbers are scaled and shifted (Klambauer et al. 2017,
"Self-Normalizing Neural Networks", section 2)."""


def noise(drop: Any, x: Tensor, shape: Sequence[int], p: float) -> Tensor:
    """What a dropout draws for a value of this shape, on the device and in the dtype of `x`."""
    drawn = (*shape[:2], *[1] * (len(shape) - 2)) if drop in OF_MAPS else (*shape,)
    return drop(x.new_ones(drawn) if drop in SCALING else x.new_zeros(drawn), p=p, training=True)


def draw(what: Noise, sizes: Mapping[str, int], device: torch.device) -> Tensor:
    """The noise of a step, at these sizes."""
    shape = [size.at(sizes) for size in what.shape]
    return noise(getattr(F, what.function), torch.empty(0, device=device), shape, what.p)


def dropped(drop: Any, x: Tensor, p: float, drawn: Tensor, *, inplace: bool = False) -> Tensor:
    """What the dropout makes of `x` with this noise."""
    if drop in SCALING or p == 1:
        return x.mul_(drawn) if inplace else x * drawn
    scale = (drawn > 0) * ((ALPHA**2 * p + 1) * (1 - p)) ** -0.5
    return x.mul_(scale).add_(drawn) if inplace else x * scale + drawn


class Drawing(TorchFunctionMode):
    """Dropouts that are called meanwhile get their noise from `drawn`: (function, x, p, turn) -> noise.

    turn: how many were called before.
    """

    def __init__(self, drawn: Callable[[Any, Tensor, float, int], Tensor], turn: int = 0) -> None:
        super().__init__()
        self._drawn = drawn
        self.turn = turn

    def __enter__(self) -> Drawing:
        self._before = _drawing.set(self)
        return super().__enter__()

    def __exit__(self, *problem: Any) -> None:
        super().__exit__(*problem)  # pyright: ignore[reportUnknownMemberType]
        _drawing.reset(self._before)

    def again(self) -> Drawing:
        """For what comes now, when it is computed again: it gets the same noise."""
        return Drawing(self._drawn, self.turn)

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}  # PyTorch hands them to a mode as x, then p, training and inplace by name
        if (func not in SCALING and func not in SHIFTING) or not given["training"] or given["p"] == 0:
            return func(*args, **given)
        (x,), p = args, given["p"]
        self.turn += 1
        return dropped(func, x, p, self._drawn(func, x, p, self.turn - 1), inplace=given["inplace"])


_drawing: ContextVar[Drawing | None] = ContextVar("drawing", default=None)


def current_drawing() -> Drawing | None:
    """The one at hand."""
    return _drawing.get()


def for_all(index: int, count: int) -> Drawing:
    """Noise is drawn for a whole batch, of `count` parts of as many rows each; these are part `index`."""

    def own_rows(drop: Any, x: Tensor, p: float, turn: int) -> Tensor:
        rows = x.shape[0]
        return noise(drop, x, (rows * count, *x.shape[1:]), p).narrow(0, rows * index, rows)

    return Drawing(own_rows)


def replaying(drawn: Sequence[Tensor]) -> Drawing:
    """Noise was drawn before: one behind the other."""
    return Drawing(lambda drop, x, p, turn: drawn[turn])
