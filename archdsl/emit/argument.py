"""The arguments of an emitted class's constructor: what tells the graphs apart that the class serves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import cast

from archdsl.emit.code import Expr, Literal, Name
from archdsl.emit.statements import Parameter
from archdsl.ir.graph import Graph, Node
from archdsl.ir.why import Why
from archdsl.record import Record

MOST_NAMED = 4
"""A longer tuple's type names its items once."""


class Entry(Record):
    """What a slot holds in one graph: its number, the value, where that came from if it is known, and which turn of the
    loop at hand it is in."""

    graph: int
    value: object
    why: Why | None = None
    turn: int | None = None


class Factory(Record):
    """The value of an argument that makes a child: the step that is to be made."""

    node: Node
    home: Graph


class Argument:
    """An argument of a unit's constructor.

    key:    what it stands for: ("param", name), ("input", "0.1"), ("flag", ...), or a slot of its own.
    values: by graph number; a graph that doesn't need it is left out.
    whys:   where a value came from, as far as that is said in terms of the block that the unit is part of.
    """

    def __init__(self, key: tuple[Hashable, ...], name: str) -> None:
        self.key = key
        self.name = name
        self.values: dict[int, object] = {}
        self.whys: dict[int, Why] = {}
        self.default: Expr | None = None
        self.attribute: str | None = None
        """The attribute that keeps it for `forward`, if that needs it."""

    @property
    def rule(self) -> Hashable:
        return self.key[0]

    @property
    def boolean(self) -> bool:
        return all(isinstance(value, bool) for value in self.values.values())

    @property
    def factory(self) -> bool:
        return any(isinstance(value, Factory) for value in self.values.values())

    @property
    def parameter(self) -> Parameter:
        """As the constructor declares it."""
        return Parameter(self.name, self._annotation(), self.default, keyword_only=self.boolean)

    def take_default(self, weights: Sequence[int]) -> None:
        """Give it a default: the value that most calls give. `weights` says how many calls each graph has."""
        if self.factory:
            self.default = Name("nn.Identity")
            return
        counts: Counter[tuple[type, object]] = Counter()
        for i, value in self.values.items():
            counts[type(value), value] += weights[i]
        (_, value), _ = max(counts.items(), key=lambda item: (item[1], not item[0][1]))
        self.default = Literal(value)

    def _annotation(self) -> str:
        if self.factory:
            return "Callable[..., nn.Module]"
        values = list(self.values.values())
        kinds = {_type(value): None for value in values if value is not None}
        if "float" in kinds:
            kinds.pop("int", None)
        return " | ".join([*kinds, *(["None"] if None in values else [])])


def _type(value: object) -> str:
    if isinstance(value, tuple):
        kinds = list(map(_type, cast("tuple[object, ...]", value)))
        if len(kinds) > MOST_NAMED and len(set(kinds)) == 1:
            return f"tuple[{kinds[0]}, ...]"
        return f"tuple[{', '.join(kinds)}]"
    return type(value).__name__
