"""`on(gpus[1]) { }`: whole steps on one device of a mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archdsl.connectors.connector import Connector, connector
from archdsl.ir.shares import Device

if TYPE_CHECKING:
    from archdsl.elaborate.values import Flow
    from archdsl.elaborate.wiring import Wiring


@connector
class On(Connector):
    """Lines pipe, as in plain braces, with the same values and keys. Where the network runs on several devices, these
    steps run on the one that is named, which alone has their weights; what leaves the braces is sent to all others.
    """

    word: ClassVar[str] = "on"

    device: Device

    def wire(self, wiring: Wiring) -> Flow:
        return wiring.place_on(self.device)
