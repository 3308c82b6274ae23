"""How an op is written in PyTorch, as a value: the emitter alone turns it into text.

An argument is a plain Python value, a `Dim` (a size of an operand), one of the words below, or a list or tuple of
such. `P("channels")` stands for a parameter of the op, so that the emitter can trace the number to the text it came
from.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from typing import cast

from archdsl.ir.dim import Dim
from archdsl.record import Record


class P(Record):
    """The op's own parameter. A size that is equal in every direction is written as one number."""

    name: str


class Share(Record):
    """`value * part // whole`, written as one number where it is the same in all that is written as one."""

    value: object
    part: int
    whole: int


class X(Record):
    """An operand: the tensor that the op is applied to."""

    index: int = 0


class Axis(Record):
    """The size of an operand along an axis when the module runs (`x.shape[2]`): for sizes that are free."""

    axis: int
    operand: int = 0


class Device(Record):
    """Where an operand lies (`x.device`): for tensors that a `forward` makes."""

    operand: int = 0


class Training(Record):
    """`self.training`."""


class Call(Record):
    """`callee(*args, **kwargs)`. A leading dot is a method of the first argument: `.permute`.

    A keyword in `defaults` is left out where it has that value.
    """

    callee: str
    args: tuple[object, ...] = ()
    kwargs: tuple[tuple[str, object], ...] = ()
    defaults: tuple[tuple[str, object], ...] = ()


class Infix(Record):
    """`left op right`."""

    op: str
    left: object
    right: object


class Index(Record):
    """`value[items]`: integers, Python slices, a list of integers or an operand that holds some; for leading axes."""

    value: object
    items: tuple[int | slice | list[int] | X, ...]


def call(callee: str, *args: object, defaults: Mapping[str, object] | None = None, **kwargs: object) -> Call:
    """A `Call`, written like one."""
    return Call(callee, args, tuple(kwargs.items()), tuple((defaults or {}).items()))


class Form(Record):
    """Both ways to write a step; at least one is there.

    module:    the constructor of its class, if there is one: of torch.nn, or by a bare name of `emit/classes`.
    function:  its expression in a `forward`; None if the class has weights (then the module is called).
    inplace:   both take `inplace=True`.
    """

    module: Call | None = None
    function: Call | Infix | Index | X | None = None
    inplace: bool = False

    @cached_property
    def module_skeleton(self) -> Hashable:
        """All of the constructor but its numbers: steps for which it is the same can be written as one."""
        return _skeleton(self.module)

    @cached_property
    def function_skeleton(self) -> Hashable:
        """The same of the function."""
        return _skeleton(self.function)


def _skeleton(word: object) -> Hashable:
    if isinstance(word, _NUMBERS):
        return "number"
    match word:
        case Call(callee=callee, args=args, kwargs=kwargs):
            return callee, _skeleton(args), *[(name, _skeleton(value)) for name, value in kwargs]
        case Infix(op=op, left=left, right=right):
            return op, _skeleton(left), _skeleton(right)
        case Index(value=value, items=brackets):
            return "index", _skeleton(value), repr(brackets)
        case list() | tuple() if not are_numbers(items := cast("Sequence[object]", word)):
            return type(items).__name__, *map(_skeleton, items)
        case Share(part=part, whole=whole):
            return "share", part, whole
        case X() | Axis() | Device() | Training():
            return repr(word)
        case Dim(constant=None):
            return "free"
        case _:
            return "number"


_NUMBERS = (P, int, float, str)


def are_numbers(value: Sequence[object]) -> bool:
    """Whether a list is written as it is."""
    return all(type(item) in (int, float) for item in value)
