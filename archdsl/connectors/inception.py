"""`inception { }`: every line is a branch, all results are concatenated on channels (Szegedy et al. 2014)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archdsl.connectors.connector import Connector, connector

if TYPE_CHECKING:
    from archdsl.elaborate.values import Flow
    from archdsl.elaborate.wiring import Wiring


@connector
class Inception(Connector):
    """out = concat(branch_1(x), ..., branch_n(x)) along the channels; a single branch stays as it is."""

    word: ClassVar[str] = "inception"

    def wire(self, wiring: Wiring) -> Flow:
        from archdsl.ops.merge import Concat

        branches = wiring.branches("branch")
        return wiring.merge(Concat(axis=1), branches) if len(branches) > 1 else branches[0]
