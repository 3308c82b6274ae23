"""`residual { } shortcut { }`: body + shortcut (He et al. 2015, equation 1 and 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archdsl.connectors.connector import Connector, connector
from archdsl.record import KW_ONLY

if TYPE_CHECKING:
    from archdsl.elaborate.values import Flow
    from archdsl.elaborate.wiring import Wiring


@connector
class Residual(Connector):
    """out = body(x) + shortcut(x); without a shortcut, or with an empty one: body(x) + x.

    when: false leaves the body alone.
    drop: stochastic depth (Huang et al. 2016): in training the body is left out per sample with this probability, and
          else scaled by 1 / (1 - drop).
    """

    word: ClassVar[str] = "residual"
    clauses: ClassVar[tuple[str, ...]] = ("shortcut",)

    when: bool = True
    _: KW_ONLY
    drop: float = 0.0

    def wire(self, wiring: Wiring) -> Flow:
        body = wiring.run("body", hidden=self.when and self.drop != 0)
        if not self.when:
            return body
        if self.drop != 0:
            from archdsl.ops.regularise import DropPath

            body = wiring.apply(DropPath(self.drop), body)
        shortcut = wiring.run("shortcut", clause="shortcut", may_be_empty=True)
        return wiring.add(body, shortcut)
