"""`dense { }`: every line works on all that came before it (Huang et al. 2016, equation 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archdsl.connectors.connector import Connector, connector

if TYPE_CHECKING:
    from archdsl.elaborate.values import Flow
    from archdsl.elaborate.wiring import Wiring


@connector
class Dense(Connector):
    """Each line works on the input and all results so far, concatenated on channels: x_l = H_l([x_0, ..., x_(l-1)]).

    The result is the input and all results, concatenated: every line adds its channels. Without a line it is the input.
    """

    word: ClassVar[str] = "dense"

    def wire(self, wiring: Wiring) -> Flow:
        from archdsl.ops.merge import Concat

        return wiring.gather("dense", Concat())
