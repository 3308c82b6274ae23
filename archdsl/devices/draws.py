"""Random numbers of a network that several processes run together: they drop what one process would.

Before a step every process draws, for the whole batch and in the network's order, what all its dropouts draw, and keeps
what its own steps need. When these run, on some rows of the batch, they are given their rows of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from archdsl.devices.rows import DROPOUTS
from archdsl.ir.graph import Graph, Layer, Scope
from archdsl.ops.regularise import AlphaDropout, Dropout, DropPath
from archdsl.record import Record


class Unrepeatable(ValueError):
    """A step draws numbers that can't be drawn apart; the message names it."""


class Draw(Record):
    """What one dropout draws for each sample: a factor of 0 or 1 / (1 - p) for each element of `shape`."""

    p: float
    shape: tuple[int, ...]

    def draw(self, batch: int, device: torch.device | str) -> Tensor:
        """The factors for a batch, from PyTorch's own generator and as its dropout draws them."""
        return F.dropout(torch.ones(batch, *self.shape, device=device), self.p)


def draws(graph: Graph, sizes: Mapping[str, int]) -> Iterator[Draw]:
    """What a training step draws, in the order in which it does. Raises `Unrepeatable`."""
    for node in graph.schedule:
        if isinstance(node, Scope):
            yield from draws(node.graph, sizes)
        elif isinstance(node, Layer):
            op, shape = node.op, node.outputs[0].shape
            if isinstance(op, AlphaDropout) or op.name == "rrelu":
                raise Unrepeatable(f"`{op.name}` draws numbers that processes can't share")
            if shape is None or getattr(op, "p", 0) == 0:
                continue
            if isinstance(op, DropPath):
                yield Draw(op.p, (1,) * (shape.rank - 1))
            elif isinstance(op, Dropout):
                maps = shape.at(sizes)[1:]
                yield Draw(op.p, (maps[0], *[1] * (shape.rank - 2)) if op.channels else maps)


class Replaying(TorchFunctionMode):
    """Dropouts that are called meanwhile take these factors, one behind the other, instead of drawing their own."""

    def __init__(self, factors: Iterable[Tensor]) -> None:
        super().__init__()
        self._factors = iter(factors)

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if func not in DROPOUTS:
            return func(*args, **given)
        (x,) = args
        if not given["training"] or given["p"] == 0:
            return x
        return x.mul_(next(self._factors)) if given["inplace"] else x * next(self._factors)
