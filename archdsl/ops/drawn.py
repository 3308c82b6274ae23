"""How figures write an op's numbers."""

from __future__ import annotations

from archdsl.ops.op import Size


def across(size: int | Size, rank: int) -> str:
    """`3x3`: a size along each of `rank` spatial axes."""
    return "x".join(map(str, (size,) * rank if isinstance(size, int) else size))


def by(stride: int | Size) -> str:
    """`/2`, and `/2x1` where directions differ; "" for a stride of 1."""
    along = {stride} if isinstance(stride, int) else set(stride)
    if along == {1}:
        return ""
    return f"/{along.pop()}" if len(along) == 1 else f"/{across(stride, 0)}"


def words(*parts: str) -> str:
    """The parts that say something, with commas."""
    return ", ".join(part for part in parts if part)
