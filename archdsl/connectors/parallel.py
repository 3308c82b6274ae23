"""`parallel { }`: every line is a branch, the result is the list of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archdsl.connectors.connector import Connector, connector

if TYPE_CHECKING:
    from archdsl.elaborate.values import Flow
    from archdsl.elaborate.wiring import Wiring


@connector
class Parallel(Connector):
    """out = [branch_1(x), ..., branch_n(x)]: a list of values, of which `@[0]` is the first.

    A list flows on like a value, into braces, blocks and loops (`for x in @ { ... }`); a step that works on one value
    is handed an item of it: `@[0] -> conv(64, 1x1)`.
    """

    word: ClassVar[str] = "parallel"

    def wire(self, wiring: Wiring) -> Flow:
        return wiring.listed("branch")
