"""`section("title") { }`: a box in diagrams, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archdsl.connectors.connector import Connector, connector

if TYPE_CHECKING:
    from archdsl.elaborate.values import Flow
    from archdsl.elaborate.wiring import Wiring


@connector
class Section(Connector):
    """Lines pipe, as in plain braces. Adds nothing to paths."""

    word: ClassVar[str] = "section"

    title: str

    def wire(self, wiring: Wiring) -> Flow:
        return wiring.run("section", title=self.title, may_be_empty=True)
