"""`stage { }`: a part of a pipeline (Huang et al. 2019, GPipe)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archdsl.connectors.connector import Connector, connector

if TYPE_CHECKING:
    from archdsl.elaborate.values import Flow
    from archdsl.elaborate.wiring import Wiring


@connector
class Stage(Connector):
    """Lines pipe, as in plain braces, with the same values and keys. Where a network is run as a pipeline, each stage
    has a device of its own, or a group of devices. It stands in the network itself; with one stage, all steps have one.
    """

    word: ClassVar[str] = "stage"

    def wire(self, wiring: Wiring) -> Flow:
        return wiring.stage()
