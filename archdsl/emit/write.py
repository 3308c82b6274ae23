"""An op's form -> code: its words become operands, its numbers expressions over the unit's arguments."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import cast

from archdsl.emit import code
from archdsl.emit.align import Member, Step
from archdsl.emit.argument import Entry
from archdsl.emit.code import Expr, Literal, Name
from archdsl.emit.derive import equal, plain
from archdsl.emit.unit import Unit
from archdsl.ir.dim import Dim
from archdsl.ir.graph import Layer
from archdsl.ops import form


class Writer:
    """Writes one step, which has the same form in all of its graphs; only numbers differ.

    operands: what the step is applied to, for its form in a `forward`; there arguments are read off `self`, unless
              they are not `stored`.
    """

    def __init__(
        self,
        unit: Unit,
        members: Sequence[Member],
        key: tuple[Hashable, ...],
        operands: Sequence[Expr] | None = None,
        *,
        stored: bool = True,
    ) -> None:
        self.unit = unit
        self.members = members
        self.key = key
        self.operands = operands or ()
        self.stored = stored and operands is not None

    def call(self, calls: Sequence[form.Call], path: str = "") -> code.Call:
        """A call, without the keywords that have their default value."""
        first = calls[0]
        args = [self.word([call.args[k] for call in calls], f"{path}{k}") for k in range(len(first.args))]
        kwargs: list[tuple[str, Expr]] = []
        defaults = dict(first.defaults)
        for k, (name, _) in enumerate(first.kwargs):
            value = self.word([call.kwargs[k][1] for call in calls], f"{path}{name}")
            is_default = isinstance(value, Literal) and name in defaults and equal([value.value, plain(defaults[name])])
            if not is_default:
                kwargs.append((name, value))
        if first.callee.startswith("."):
            return code.Call(code.attribute(args[0], first.callee[1:]), tuple(args[1:]), tuple(kwargs))
        callee = self.unit.survey.foreign.get(first.callee, first.callee)
        return code.Call(Name(callee), tuple(args), tuple(kwargs))

    def word(self, values: Sequence[object], path: str) -> Expr:
        """One value of each graph's form, at the same place in it."""
        first = values[0]
        match first:
            case form.X(index=index):
                return self.operands[index]
            case form.Axis(axis=axis, operand=operand):
                return self._size(axis, operand)
            case form.Device(operand=operand):
                return code.attribute(self.operands[operand], "device")
            case form.Training():
                return Name("self.training")
            case form.Share():
                return self._share(cast("Sequence[form.Share]", values), path)
            case form.Call():
                return self.call(cast("Sequence[form.Call]", values), f"{path}.")
            case form.Infix(op=op):
                pairs = cast("Sequence[form.Infix]", values)
                left = self.word([pair.left for pair in pairs], f"{path}.left")
                return code.Infix(op, left, self.word([pair.right for pair in pairs], f"{path}.right"))
            case form.Index(items=items):
                indexed = cast("Sequence[form.Index]", values)
                return code.Subscript(
                    self.word([index.value for index in indexed], path),
                    code.Index(tuple(self._bracket(item) for item in items)),
                )
            case list() | tuple() if not form.are_numbers(cast("Sequence[object]", first)):
                sequences = cast("Sequence[Sequence[object]]", values)
                parts = tuple(self.word(part, f"{path}.{k}") for k, part in enumerate(zip(*sequences)))
                return code.Items(parts) if isinstance(first, list) else code.Tuple(parts)
            case Dim(constant=None):
                return self._free(first)
            case _:
                return self._number(values, path)

    def _bracket(self, item: int | slice | list[int] | form.X) -> int | slice | Expr:
        if isinstance(item, form.X):
            return self.operands[item.index]
        return code.Items(tuple(map(Literal, item))) if isinstance(item, list) else item

    def _number(self, values: Sequence[object], path: str) -> Expr:
        if isinstance(values[0], form.P) and self._is_one_op:
            return Literal(plain(getattr(layer_of(self.members[0]).op, values[0].name)))
        entries = [_entry(member, value) for member, value in zip(self.members, values)]
        return self.unit.slot(entries, self._hint(values[0], path), ("slot", *self.key, path), stored=self.stored)

    def _share(self, values: Sequence[form.Share], path: str) -> Expr:
        whole, first = self._number([share.value for share in values], path), values[0]
        if isinstance(whole, Literal) and isinstance(whole.value, int):
            return Literal(whole.value * first.part // first.whole)
        return code.Infix("//", code.Infix("*", whole, Literal(first.part)), Literal(first.whole))

    @cached_property
    def _is_one_op(self) -> bool:
        """Whether all are the same op, and so have the same parameters."""
        op = layer_of(self.members[0]).op
        return all(layer_of(member).op is op for member in self.members)

    def _hint(self, value: object, path: str) -> str:
        """What an argument for a number would be called."""
        if isinstance(value, form.P):
            return value.name
        inputs = self.members[0].node.inputs
        shape = inputs[0].shape if inputs else None
        for axis, dim in enumerate(shape.dims if shape else ()):
            if dim is value:
                return "in_channels" if shape and axis == shape.channel_axis else "in_features"
        return path.rpartition(".")[2]

    def _size(self, axis: int, operand: int) -> Expr:
        return code.Subscript(code.attribute(self.operands[operand], "shape"), Literal(axis))

    def _free(self, dim: Dim) -> Expr:
        """A size that is free: read off the operand that has it."""
        for operand, value in enumerate(self.members[0].node.inputs):
            for axis, size in enumerate(value.shape.dims if value.shape else ()):
                if size == dim:
                    return self._size(axis, operand)
        raise NotImplementedError(f"no operand has the size {dim}")


def written(unit: Unit, step: Step, members: Sequence[Member], operands: Sequence[Expr]) -> Expr:
    """A step's expression in a `forward`, where it is no child."""
    forms = [layer_of(member).form.function for member in members]
    return Writer(unit, members, (step.position, "forward"), operands).word(forms, "")


def _entry(member: Member, value: object) -> Entry:
    """What a slot holds in one graph. A list of numbers is given as it is; a size may be one number for all."""
    if isinstance(value, form.P):
        layer = layer_of(member)
        traced = layer.args.get(value.name)
        why = traced.why if traced and not member.foreign else None
        return Entry(member.graph, plain(getattr(layer.op, value.name)), why, member.turn)
    if isinstance(value, list | tuple):
        return Entry(member.graph, tuple(cast("Sequence[object]", value)), None, member.turn)
    why = value.why if isinstance(value, Dim) and not member.foreign else None
    return Entry(member.graph, plain(value), why, member.turn)


def layer_of(member: Member) -> Layer:
    assert isinstance(member.node, Layer)
    return member.node
