"""Device groups as the graph knows them: meshes, splits of values over their devices, and a value's layout.

In a `split` a value is either whole (each device has all of it) or shared out: device i has the i-th part of it along
one axis. A value's shape is that of the whole in both cases; `Shape.shares` says which it is.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from archdsl.ir.shape import Shape


class Mesh(NamedTuple):
    """`mesh gpus[2]`: devices by one coordinate for each axis."""

    name: str
    axes: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of devices."""
        return prod(self.axes)

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.axes))}]"


class Device(NamedTuple):
    """`gpus[1]`, `pod[1, 0]`: one device of a mesh. Numbers run along the last axis first."""

    mesh: Mesh
    number: int

    @property
    def coordinates(self) -> tuple[int, ...]:
        """One for each axis."""
        found: list[int] = []
        rest = self.number
        for size in reversed(self.mesh.axes):
            rest, coordinate = divmod(rest, size)
            found.insert(0, coordinate)
        return tuple(found)

    def __str__(self) -> str:
        return f"{self.mesh.name}[{', '.join(map(str, self.coordinates))}]"


class Split(NamedTuple):
    """`split(gpus, by=[3, 5])`: over which devices, and in which proportion."""

    mesh: Mesh
    by: tuple[int, ...]

    @property
    def size(self) -> int:
        return len(self.by)

    @property
    def even(self) -> bool:
        return len(set(self.by)) == 1

    @property
    def unit(self) -> int:
        """What a number must divide by to be shared out."""
        return sum(self.by)

    def sizes(self, whole: int) -> tuple[int, ...]:
        """Each device's part of a number that divides."""
        return tuple(whole // self.unit * part for part in self.by)


class Shares(NamedTuple):
    """How a value is shared out: along which of its axes, in a split's proportion."""

    split: Split
    axis: int


def layout(x: Shape) -> str:
    """As messages show it."""
    return "whole" if x.shares is None else f"shared out over {x.shares.split.mesh.name}"
