"""Whether two trees say the same, wherever their text stands."""

from __future__ import annotations

from archdsl.syntax.ast import Node


def same(left: object, right: object) -> bool:
    """Compare two nodes, or what they hold, by structure; spans don't count."""
    waiting: list[tuple[object, object]] = [(left, right)]
    while waiting:
        left, right = waiting.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, Node) and isinstance(right, Node):
            names = [name for name in left.fields if name != "span"]
            waiting += [(getattr(left, name), getattr(right, name)) for name in names]
        elif isinstance(left, tuple) and isinstance(right, tuple):
            if len(left) != len(right):
                return False
            waiting += zip(left, right)
        elif left != right:
            return False
    return True
