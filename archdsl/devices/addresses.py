"""What a step is called from outside: its path, and for a step without a name what it is, `layer1.0.add()`."""

from __future__ import annotations

from archdsl.ir.graph import Layer, Node


class Addresses:
    """Of the steps of one scope, each asked for once and in the order in which they run."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self._nameless: dict[str, int] = {}

    def of(self, node: Node) -> str:
        if node.name is not None:
            return joined(self.scope, ".".join(node.name))
        word = f"@{'.'.join(node.runs)}" if node.runs else node.op.name if isinstance(node, Layer) else "scope"
        count = self._nameless[word] = self._nameless.get(word, 0) + 1
        return joined(self.scope, f"{word}()" if count == 1 else f"{word}()#{count}")


def joined(scope: str, name: str) -> str:
    """`layer1` and `0.conv1`: `layer1.0.conv1`."""
    return f"{scope}.{name}" if scope and name else scope or name


def enclosing(address: str) -> list[str]:
    """The addresses of the scopes around: of `layer1.0.conv1`, `layer1` and `layer1.0`."""
    return [address[:place] for place, character in enumerate(address) if character == "."]
