"""What devices of a split tell one another. On one device they are nothing: each has all there is."""

from __future__ import annotations

from typing import ClassVar

from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, X
from archdsl.ops.op import Op, Refused, op


class Transfer(Op):
    """Leaves the numbers as they are."""

    view: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False

    def shape(self, x: Shape) -> Shape:
        return x.shared(None)

    def torch(self, x: Shape) -> Form:
        return Form(function=X())


@op("exchange", role="exchange")
class Exchange(Transfer):
    """In a `split`: every device gives its share of the value to all others, so that each holds all of it.

    Forward, a value of S bytes on n devices moves (n - 1) S bytes; backward, where the gradients of the shares are
    summed and shared out again, as many. On one device it does nothing.
    Shape: any, unchanged; shared out -> whole.

    Example:
        mesh gpus[2]

        network two_towers() {
            input image: [N, 3, 32, 32]
            split(gpus) {
                conv(96, 3x3, pad=1) -> relu
                conv(96, 3x3, pad=1) -> relu      # sees the maps on its own device
                exchange -> conv(96, 3x3, pad=1)  # sees all
            }
            expect output == [N, 96, 32, 32]
        }
    """

    def shape(self, x: Shape) -> Shape:
        if x.shares is None:
            from archdsl.errors.devices import NothingToExchange

            raise Refused(NothingToExchange())
        return super().shape(x)


class Gather(Transfer):
    """What leaves a `split` is made whole; what follows is the same on every device, so backward each keeps its own
    part of the gradient: nothing moves."""

    name: ClassVar[str] = "gather"
    role: ClassVar[str] = "exchange"
