"""The name that was most likely meant: one of the same shape, or else one that is spelled alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Named = tuple[str, tuple[int, ...]]
"""A tensor's key and shape."""

ALIKE = 0.5
"""How much of two keys has to agree, at their ends, if nothing else speaks for them."""


def nearest(key: str, shape: tuple[int, ...], others: Sequence[Named]) -> Named | None:
    """The one of `others` that stands for this tensor, None if none is near.

    Keys that mean the same differ in the middle (`norm.1`, `norm1`) or at one end (`module.conv1`), so what counts is
    how long they agree from the front and from behind. That takes far less time than an edit distance.
    """
    fitting = [other for other in others if other[1] == shape]
    if len(fitting) == 1 and shape and key.rpartition(".")[2] == fitting[0][0].rpartition(".")[2]:
        return fitting[0]
    for candidates in (fitting, others):
        best = max(candidates, key=lambda other: alike(key, other[0]), default=None)
        if best and alike(key, best[0]) >= ALIKE:
            return best
    return None


def alike(left: str, right: str) -> float:
    """How much of the longer key agrees from the front and from behind, 0 to 1."""
    longest, shortest = max(len(left), len(right)), min(len(left), len(right))
    front = _agree(zip(left, right))
    behind = _agree(zip(reversed(left), reversed(right)))
    return min(front + behind, shortest) / max(longest, 1)


def _agree(pairs: Iterable[tuple[str, str]]) -> int:
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count
