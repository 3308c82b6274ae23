"""What all activations share: they act on each number alone, or leave the shape as it is."""

from __future__ import annotations

from typing import ClassVar

from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, P, X, call
from archdsl.ops.op import Op
from archdsl.ops.rules import need_floats


class Elementwise(Op):
    """The parameters are torch's, by the same names; a subclass adds the names of class and function."""

    module: ClassVar[str] = ""
    function: ClassVar[str] = ""
    overwrites: ClassVar[bool] = False
    """torch has it in place."""

    def shape(self, x: Shape) -> Shape:
        need_floats(self, x)
        self.check()
        return x

    def drawn(self, x: Shape) -> str:
        return self.module

    def check(self) -> None:
        """Refuse parameters that are out of range."""

    def follows(self, axis: int, x: Shape) -> int | None:
        return axis

    def torch(self, x: Shape) -> Form:
        given = {param.name: P(param.name) for param in self.params}
        defaults = {param.name: param.default for param in self.params}
        return Form(
            module=call(f"nn.{self.module}", defaults=defaults, **given),
            function=call(self.function, X(), defaults=defaults, **given),
            inplace=self.overwrites,
        )
