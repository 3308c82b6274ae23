"""Random numbers of a step that are known by their number alone: who has none of its values can draw them too."""

from __future__ import annotations

from archdsl.ir.dim import Dim
from archdsl.record import Record


class Noise(Record):
    """What a step draws in training: for each element of `shape` whether it is dropped, with probability `p` above 0.

    function: of torch.nn.functional, which draws so for a tensor of that shape: "dropout2d". Its result on the step's
              own value is the same as if it had drawn them for it.
    """

    function: str
    p: float
    shape: tuple[Dim, ...]
