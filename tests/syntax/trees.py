"""Comparing trees."""

from __future__ import annotations

from archdsl.syntax.ast import Node


def same(left: object, right: object) -> bool:
    """Whether two nodes, or what they hold, say the same, wherever their text stands."""
    if isinstance(left, Node) and type(left) is type(right):
        return all(same(getattr(left, name), getattr(right, name)) for name in left.fields if name != "span")
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right
