"""What one device of a split does beside computing: it tells others its part, and hears theirs.

The functions that these are written as are in `transfers.py`. Sizes are given where the devices' parts differ.
"""

from __future__ import annotations

from math import prod
from typing import ClassVar

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, Index, P, Training, X, call
from archdsl.ops.op import Op, Size

TRANSFERS = "archdsl.devices.transfers"


class NotLocal(ValueError):
    """The network can't be cut into those of its devices; the message says at which step."""


class LocalOp(Op):
    """Not a word of the language: made where a graph is cut into those of its devices."""

    package: ClassVar[str] = "archdsl"
    function: ClassVar[str] = ""
    keeps_input: ClassVar[bool] = False

    def shape(self, x: Shape) -> Shape:
        return x

    def torch(self, x: Shape) -> Form:
        return Form(function=call(f"{TRANSFERS}:{self.function}", X()))


class Enter(LocalOp):
    """A whole value is used by every device for its own share: backward, their gradients are summed."""

    name: ClassVar[str] = "enter"
    view: ClassVar[bool] = True
    role: ClassVar[str] = "exchange"
    function: ClassVar[str] = "enter"


class Leave(LocalOp):
    """A whole value goes on to what all devices compute alike: backward, one of them keeps the gradient."""

    name: ClassVar[str] = "leave"
    view: ClassVar[bool] = True
    role: ClassVar[str] = "exchange"
    function: ClassVar[str] = "leave"


class AlongAxis(LocalOp):
    """On values cut along an axis; `sizes` are the devices' parts of it."""

    axis: int
    sizes: tuple[int, ...]

    @property
    def parts(self) -> tuple[tuple[int, ...], ...]:
        """The sizes as a last argument, where they are not all the same."""
        return (self.sizes,) if len(set(self.sizes)) > 1 else ()

    def torch(self, x: Shape) -> Form:
        return Form(function=call(f"{TRANSFERS}:{self.function}", X(), P("axis"), *self.parts))


class AllGather(AlongAxis):
    """The parts of all devices, put together."""

    role: ClassVar[str] = "exchange"

    def shape(self, x: Shape) -> Shape:
        return x.replace(self.axis, Dim.of(sum(self.sizes)))


class Exchanged(AllGather):
    """`exchange`: each device goes on in its own way, so backward their gradients are summed part by part."""

    name: ClassVar[str] = "exchange"
    function: ClassVar[str] = "exchange"


class Gathered(AllGather):
    """What leaves a split: all go on alike, so backward each keeps its own part of the gradient."""

    name: ClassVar[str] = "gather"
    function: ClassVar[str] = "gather"


class OwnPart(AlongAxis):
    """A device's own part of a whole value: of the input of a convolution in groups."""

    name: ClassVar[str] = "own_part"
    role: ClassVar[str] = "reshape"
    view: ClassVar[bool] = True

    index: int = 0

    def shape(self, x: Shape) -> Shape:
        return x.replace(self.axis, Dim.of(self.sizes[self.index]))

    def torch(self, x: Shape) -> Form:
        start = sum(self.sizes[: self.index])
        part = slice(start or None, start + self.sizes[self.index])
        return Form(function=Index(X(), (*[slice(None)] * self.axis, part)))


class SharedDropout(AlongAxis):
    """A dropout on a device's part: every device draws for the whole value and keeps its own, so that they drop what
    one device would."""

    name: ClassVar[str] = "dropout"
    role: ClassVar[str] = "regularise"

    p: float = 0.5
    kind: str = "dropout"

    @property
    def draws(self) -> bool:
        return True

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        """The mask of the whole value, of which its part is a view."""
        drawn = output if self.kind in ("dropout", "alpha_dropout") else output[:2]
        return 4 * prod(drawn) // drawn[self.axis] * sum(self.sizes)

    def torch(self, x: Shape) -> Form:
        return Form(function=call(f"{TRANSFERS}:{self.kind}", X(), P("p"), Training(), P("axis"), *self.parts))
