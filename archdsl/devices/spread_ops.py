"""What a network on several devices of one process does beside computing: maps move from one device to another.

The functions that these are written as are in `moves.py`. A value that is shared out has an operand for each device.
"""

from __future__ import annotations

from typing import ClassVar

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, P, Training, X, call
from archdsl.ops.op import MANY, Op

MOVES = "archdsl.devices.moves"


class SpreadOp(Op):
    """Not a word of the language: made where a graph is spread over devices."""

    package: ClassVar[str] = "archdsl"
    operands: ClassVar[int] = MANY


class Moved(SpreadOp):
    """A value, on another device; on the same one, itself."""

    name: ClassVar[str] = "move"
    role: ClassVar[str] = "exchange"
    view: ClassVar[bool] = True
    operands: ClassVar[int] = 1

    device: int

    def shape(self, x: Shape) -> Shape:
        return x

    def torch(self, x: Shape) -> Form:
        return Form(function=call(f"{MOVES}:move", X(), P("device")))


class Together(SpreadOp):
    """All devices' parts of a value, put together on one of them."""

    name: ClassVar[str] = "together"
    role: ClassVar[str] = "exchange"

    axis: int
    device: int

    def shape(self, *parts: Shape) -> Shape:
        return parts[0].replace(self.axis, Dim.of(sum(part.dims[self.axis].at({}) for part in parts)))

    def torch(self, *parts: Shape) -> Form:
        operands = map(X, range(len(parts)))
        return Form(function=call(f"{MOVES}:together", *operands, axis=P("axis"), device=P("device")))


class Dropped(SpreadOp):
    """A dropout on all devices: together they drop what one device would.

    function: of `moves.py`.
    axis:     along which the value, and what is drawn for it, is shared out; None: each device has all of it.
    """

    name: ClassVar[str] = "dropout"
    role: ClassVar[str] = "regularise"
    view: ClassVar[bool] = True  # outside of training

    function: str
    p: float
    axis: int | None = None

    def shape(self, *parts: Shape) -> tuple[Shape, ...]:
        return parts

    def torch(self, *parts: Shape) -> Form:
        operands = map(X, range(len(parts)))
        function = f"{MOVES}:{self.function}"
        defaults = {"axis": None}
        return Form(
            function=call(function, *operands, p=P("p"), training=Training(), axis=P("axis"), defaults=defaults)
        )
