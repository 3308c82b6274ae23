"""Groups of different sizes: in a split by [3, 5], what each device does with its own part of the channels.

conv(32, 3x3), fed 16 maps shared out as 3 : 5  ->  conv(12, 3x3) on 6 maps beside conv(20, 3x3) on 10

Grouped kernels of torch are all of one size, so the groups are modules of their own, each with its own tensors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, cast

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.form import Call, Form, P, Share, call
from archdsl.ops.op import Op, Size, State
from archdsl.ops.rules import fixed
from archdsl.record import Record


class Group(Record):
    """One of the groups: what it does, and the shape of what it is applied to."""

    op: Op
    x: Shape


class Uneven:
    """Mixed into an op that works along an axis in groups. `by` is their proportion; `one` is the op in each of them.

    Of its own is what there is of each group: modules, tensors, costs. All else is the op's.
    """

    one: ClassVar[Any]
    makes: ClassVar[Mapping[int, str]]
    by: tuple[int, ...]

    def groups_in(self, x: Shape) -> tuple[Group, ...]:
        """The groups, in their order."""
        axis = self.axis(x.rank)
        sizes = self.sizes(fixed(cast(Op, self), x, axis, f"axis {axis}"))
        return tuple(Group(op, x.replace(axis, Dim.of(size))) for op, size in zip(self._ops(), sizes))

    def axis(self, rank: int) -> int:
        """Along which the groups lie."""
        return next(iter(self.makes), 1) % rank

    def sizes(self, whole: int) -> tuple[int, ...]:
        """Each group's part of a number that divides."""
        unit = whole // sum(self.by)
        return tuple(unit * part for part in self.by)

    def _ops(self) -> Iterator[Op]:
        """What each group does: its share of the outputs."""
        fields = {name: self.__dict__[name] for name in self.one.fields}
        made = [self.sizes(fields[param]) for param in self.makes.values()]
        for sizes in zip(*made) if made else [()] * len(self.by):
            yield self.one(**{**fields, **dict(zip(self.makes.values(), sizes))})

    def torch(self, x: Shape) -> Form:
        axis = self.axis(x.rank)
        whole = sum(self.by)
        sizes = [Share(x.dims[axis], part, whole) for part in self.by]
        modules = [self._module(group, x, part, whole) for group, part in zip(self.groups_in(x), self.by)]
        dim = axis if axis == 1 else axis - x.rank
        return Form(module=call("UnevenGroups", sizes, *modules, dim=dim, defaults={"dim": 1}))

    def _module(self, group: Group, x: Shape, part: int, whole: int) -> Call:
        """A group's constructor: in it the group's own numbers are shares of the whole ones."""
        axis, made = self.axis(x.rank), group.op.torch(group.x).module
        assert made is not None, f"{group.op.name} is a module"

        def said(value: object) -> object:
            if value is group.x.dims[axis]:
                return Share(x.dims[axis], part, whole)
            own = isinstance(value, P) and value.name in self.makes.values()
            return Share(value, part, whole) if own else value

        args, kwargs = tuple(map(said, made.args)), tuple((name, said(value)) for name, value in made.kwargs)
        return Call(made.callee, args, kwargs, made.defaults)

    def state(self, x: Shape) -> tuple[State, ...]:
        """The groups' tensors under their numbers: "0.weight", "0.bias", "1.weight", ..."""
        return tuple(
            State(f"{number}.{state.name}", state.shape, state.trainable, state.dtype)
            for number, group in enumerate(self.groups_in(x))
            for state in group.op.state(group.x)
        )

    def macs(self, inputs: tuple[Size, ...], output: Size) -> int:
        return sum(op.macs((x,), y) for op, x, y in self._each(inputs[0], output))

    def kept_bytes(self, inputs: tuple[Size, ...], output: Size) -> int:
        return sum(op.kept_bytes((x,), y) for op, x, y in self._each(inputs[0], output))

    def _each(self, x: Size, y: Size) -> Iterator[tuple[Op, Size, Size]]:
        """Each group, and the sizes of what it takes and makes."""
        axis = self.axis(len(x))
        for op, taken, made in zip(self._ops(), self.sizes(x[axis]), self.sizes(y[axis])):
            yield op, _with(x, axis, taken), _with(y, axis, made)

    def drawn(self, x: Shape) -> str:
        return f"{self.one.drawn(self, x)}, groups {':'.join(map(str, self.by))}"


def uneven(op: Op, by: tuple[int, ...]) -> Op:
    """The op in groups of different sizes, in that proportion."""
    return _uneven_class(type(op))(**op.__dict__, by=by)


@cache
def _uneven_class(one: type[Op]) -> Any:
    body = {"__annotations__": {"by": "tuple[int, ...]"}, "__module__": __name__, "one": one}
    return type(f"Uneven{one.__name__}", (Uneven, one), body)


def own_name(op: Op, tensor: str) -> str:
    """What an op calls its tensor; of one in groups of different sizes, each group calls its own so."""
    return tensor.partition(".")[2] if isinstance(op, Uneven) else tensor


def _with(size: Size, axis: int, number: int) -> Size:
    return (*size[:axis], number, *size[axis + 1 :])
