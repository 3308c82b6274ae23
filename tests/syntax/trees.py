"""Comparing trees."""

from __future__ import annotations

from archdsl.syntax.ast import Node


def same(left: object, right: object) -> bool:
    """Whether two nodes, or what they hold, say the same, wherever their text stands."""
    waiting = [(left, right)]
    while waiting:
        one, other = waiting.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, Node):
            waiting += [(getattr(one, name), getattr(other, name)) for name in one.fields if name != "span"]
        elif isinstance(one, tuple) and isinstance(other, tuple):
            if len(one) != len(other):
                return False
            waiting += zip(one, other)
        elif one != other:
            return False
    return True
