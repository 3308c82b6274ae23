"""What a connector is: one declaration of a wiring rule.

A connector is a `Record`: its fields are its parameters. `wire` says what each line of its braces consumes and what
becomes of the results; it works on values it cannot look into, through a `Wiring`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from archdsl.ops.op import Param, read_params
from archdsl.record import Record

if TYPE_CHECKING:
    from archdsl.elaborate.values import Flow
    from archdsl.elaborate.wiring import Wiring


class Connector(Record):
    """Subclass it, set `word`, annotate the parameters, write `wire`."""

    word: ClassVar[str] = ""
    clauses: ClassVar[tuple[str, ...]] = ()
    """Words that may stand behind its braces with braces of their own."""
    params: ClassVar[tuple[Param, ...]] = ()

    def wire(self, wiring: Wiring) -> Flow:
        """Unfold the lines and say what comes out."""
        raise NotImplementedError


C = TypeVar("C", bound=type[Connector])


def connector(cls: C) -> C:
    """Read the parameters off a connector's fields."""
    cls.params = read_params(cls)
    return cls
