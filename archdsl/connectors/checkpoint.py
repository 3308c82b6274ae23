"""`checkpoint { }`: what stands in it is computed again in the backward pass (Chen et al. 2016)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archdsl.connectors.connector import Connector, connector
from archdsl.ir.graph import CHECKPOINT

if TYPE_CHECKING:
    from archdsl.elaborate.values import Flow
    from archdsl.elaborate.wiring import Wiring


@connector
class Checkpoint(Connector):
    """Lines pipe, as in plain braces, with the same values and keys. In training, what the steps make is not kept for
    the backward pass but computed again in it: less memory for more time.
    """

    word: ClassVar[str] = "checkpoint"

    def wire(self, wiring: Wiring) -> Flow:
        return wiring.run(CHECKPOINT, may_be_empty=True)
