"""`split(gpus) { }`: feature maps are divided over devices (Krizhevsky et al. 2012, section 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archdsl.connectors.connector import Connector, connector
from archdsl.ir.shares import Mesh
from archdsl.record import KW_ONLY

if TYPE_CHECKING:
    from archdsl.elaborate.values import Flow
    from archdsl.elaborate.wiring import Wiring


@connector
class SplitOver(Connector):
    """Lines pipe, as in plain braces. Each device of the mesh computes its share of a layer's outputs, from what it
    holds: a layer that is fed a whole value sees all of it, one that is fed a shared-out value its device's part only.
    What enters is whole; `exchange` makes a value whole; what leaves is gathered.

    by: the proportion in which devices share, one positive integer each; even without it.
    """

    word: ClassVar[str] = "split"

    mesh: Mesh
    _: KW_ONLY
    by: tuple[int, ...] | None = None

    def wire(self, wiring: Wiring) -> Flow:
        return wiring.share_out(self.mesh, self.by)
