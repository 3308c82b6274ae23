"""Shapes: sizes along axes, a dtype, and which axis holds the channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from archdsl.ir.dim import Dim

if TYPE_CHECKING:
    from archdsl.ir.shares import Shares

ITEM_SIZES: Mapping[str, int] = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip
"""The dtypes an input may have, with their sizes in bytes."""


class Shape:
    """Sizes along axes: batch first. `channel_axis` is tracked through reshapes; None where there is no such axis.

    shares: how it is shared out over devices; None: each that has it has all of it. The sizes are the whole's.
    """

    __slots__ = ("channel_axis", "dims", "dtype", "shares")

    def __init__(
        self,
        dims: Iterable[Dim],
        dtype: str = "float32",
        channel_axis: int | None = 1,
        shares: Shares | None = None,
    ) -> None:
        self.dims = tuple(dims)
        self.dtype = dtype
        self.channel_axis = channel_axis
        self.shares = shares

    @property
    def rank(self) -> int:
        return len(self.dims)

    @property
    def spatial(self) -> tuple[Dim, ...]:
        """The sizes behind batch and channels."""
        return self.dims[2:]

    def replace(self, axis: int, dim: Dim) -> Shape:
        """The same shape, whole, with another size along `axis` (negative: from the end)."""
        axis %= len(self.dims)
        return Shape((*self.dims[:axis], dim, *self.dims[axis + 1 :]), self.dtype, self.channel_axis)

    def shared(self, shares: Shares | None) -> Shape:
        """The same shape, shared out so."""
        return self if self.shares == shares else Shape(self.dims, self.dtype, self.channel_axis, shares)

    def at(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Plain numbers, once the free sizes are chosen."""
        return tuple(dim.at(sizes) for dim in self.dims)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self.dims, self.dtype, self.channel_axis, self.shares

    def __str__(self) -> str:
        """As errors show it: `64x56x56`, without the batch."""
        return "x".join(f"({dim})" if " " in str(dim) else str(dim) for dim in self.dims[1:]) or "scalar"

    def __repr__(self) -> str:
        return f"[{', '.join(map(str, self.dims))}]"
