"""A declared tensor -> the statement that registers it: `self.class_token = nn.Parameter(torch.zeros(1, 1, dim))`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from archdsl.emit.align import Member
from archdsl.emit.argument import Entry
from archdsl.emit.code import Call, Expr, Literal, Name, Table, Tuple
from archdsl.emit.statements import Assign, Do, Stmt
from archdsl.emit.unit import Unit
from archdsl.emit.write import Writer
from archdsl.initial import Init, Numbers, Ones, Start, Zeros
from archdsl.ir.graph import Declared

INFERRED = {"float32": float, "int64": int, "bool": bool}
"""The dtypes that `torch.tensor` and `torch.full` give to Python's numbers; the others are named."""


def registers(unit: Unit, members: Sequence[Member], position: int) -> Stmt:
    """Register one tensor, the same in all of the unit's graphs but for numbers."""
    node = declared(members[0])
    tensor = _tensor(unit, members, (position,))
    *scopes, name = node.name or ("",)
    owner = ".".join(("self", *scopes))
    if node.kind == "param":
        return Assign((Name(f"{owner}.{name}"),), Call(Name("nn.Parameter"), (tensor,)))
    kept = (("persistent", Literal(False)),) if node.kind == "const" else ()
    return Do(Call(Name(f"{owner}.register_buffer"), (Literal(name), tensor), kept))


def declared(member: Member) -> Declared:
    assert isinstance(member.node, Declared)
    return member.node


def form(start: Start) -> object:
    """Equal for starts that are written alike: only their numbers differ."""
    if isinstance(start, Init):
        return type(start)
    return "list" if isinstance(start, tuple) else _filled(start) or "number"


def _filled(value: Numbers) -> str | None:
    """The function that makes a tensor of nothing but this number, if it has a name of its own."""
    if isinstance(value, bool) or value not in (0, 1):
        return None
    return "torch.ones" if value else "torch.zeros"


def _tensor(unit: Unit, members: Sequence[Member], key: tuple[object, ...]) -> Expr:
    starts = [declared(member).start for member in members]
    dtype = _dtype(declared(members[0]))
    first = starts[0]
    if isinstance(first, tuple):
        return Call(Name("torch.tensor"), (_list(unit, members, starts, key),), _named(dtype, dtype not in INFERRED))
    shape = _sizes(unit, members, key)
    sizes = shape or (Tuple(()),)
    if isinstance(first, Init):
        callee = "torch.zeros" if isinstance(first, Zeros) else "torch.ones" if isinstance(first, Ones) else None
        if callee is None:
            empty = Call(Name("torch.empty"), sizes, _named(dtype, dtype != "float32"))
            words = [call for start in cast("Sequence[Init]", starts) if (call := start.torch(len(shape)))]
            return Writer(unit, members, ("start", *key), [empty], stored=False).call(words)
    else:
        callee = _filled(first)
    if callee is not None:
        return Call(Name(callee), sizes, _named(dtype, dtype != "float32"))
    number = unit.slot([Entry(m.graph, start) for m, start in zip(members, starts)], "value", ("value", *key))
    return Call(Name("torch.full"), (Tuple(shape), number), _named(dtype, dtype not in INFERRED))


def _dtype(node: Declared) -> str:
    shape = node.outputs[0].shape
    assert shape is not None, "a checked program has no unknown shapes"
    return shape.dtype


def _named(dtype: str, needed: bool) -> tuple[tuple[str, Expr], ...]:
    return (("dtype", Name(f"torch.{dtype}")),) if needed else ()


def _sizes(unit: Unit, members: Sequence[Member], key: tuple[object, ...]) -> tuple[Expr, ...]:
    shapes = [declared(member).outputs[0].shape for member in members]
    dims = list(zip(*(shape.dims for shape in shapes if shape is not None)))
    return tuple(
        unit.slot(
            [Entry(m.graph, dim.constant, None if m.foreign else dim.why) for m, dim in zip(members, axis)],
            f"size{i}",
            ("size", i, *key),
        )
        for i, axis in enumerate(dims)
    )


def _list(unit: Unit, members: Sequence[Member], starts: Sequence[Start], key: tuple[object, ...]) -> Expr:
    """The numbers as nested lists; where graphs differ, an argument that holds them."""
    made = unit.slot([Entry(m.graph, start) for m, start in zip(members, starts)], "values", ("values", *key))
    return Table(cast("tuple[object, ...]", made.value)) if isinstance(made, Literal) else made
