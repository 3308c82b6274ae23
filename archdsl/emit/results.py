"""What the network's `forward` gives back: one tensor, or several by name.

class GooglenetOutputs(NamedTuple):
    output: Tensor
    aux: Tensor | None = None
"""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.emit.code import Call, Dict, Expr, Literal, Name
from archdsl.emit.statements import Class, Field, Origin, Stmt
from archdsl.ir.graph import Output

TRAINING_MODE = Name("self.training")


class Results:
    """The outputs of a network, main ones first, as `Graph.returns` has them. `name`: of their class, if they need one.

    One output is a plain tensor. With outputs of training beside one main output, a named tuple comes back in training
    and the plain main output else, as from torchvision's networks; several main outputs always make a named tuple.
    """

    def __init__(self, outputs: Sequence[Output], name: str) -> None:
        self.outputs = outputs
        self.name = name
        self.named = len(outputs) > 1
        self.plain_in_eval = self.named and sum(not output.training for output in outputs) == 1

    @property
    def annotation(self) -> str:
        """The type that `forward` returns."""
        if not self.named:
            return "Tensor"
        return f"{self.name} | Tensor" if self.plain_in_eval else self.name

    def made(self, values: Sequence[Expr]) -> Expr:
        """The named tuple of these values."""
        return Call(Name(self.name), tuple(values))

    def classes(self, origin: Origin) -> tuple[Class, ...]:
        """The named tuple's class, if there is one."""
        if not self.named:
            return ()
        fields = tuple(
            Field(output.label, "Tensor | None", Literal(None)) if output.training else Field(output.label, "Tensor")
            for output in self.outputs
        )
        return (Class(self.name, "NamedTuple", (), origin, fields),)

    def attributes(self) -> tuple[Stmt, ...]:
        """What the network's class says about them: the weights of their losses, where some are stated."""
        weights = [(one.label, Literal(one.weight)) for one in self.outputs if one.weight is not None]
        return (Field("loss_weights", "ClassVar[dict[str, float]]", Dict(tuple(weights))),) if weights else ()
