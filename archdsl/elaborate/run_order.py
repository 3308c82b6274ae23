"""When side chains run: a network's steps are registered where they are written, but may run elsewhere.

a, b, c, then a side chain that begins with @a  ->  a, the side chain, b, c
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from archdsl.ir.graph import CHECKPOINT, Node


def running_order(nodes: Sequence[Node], chains: Sequence[Sequence[Node]]) -> list[Node]:
    """The steps in the order in which they run: those of a side chain directly behind the last one that it takes a
    value from, but never inside a stretch that is computed again in the backward pass. Linear in steps and values."""
    return list(_running(nodes, chains)) if chains else list(nodes)


def _running(nodes: Sequence[Node], chains: Sequence[Sequence[Node]]) -> Iterator[Node]:
    aside = {node for chain in chains for node in chain}
    main = [node for node in nodes if node not in aside]
    waiting = _Waiting(nodes, chains)
    yield from waiting.released()
    for node, following in zip(main, [*main[1:], None]):
        yield node
        waiting.done(node)
        if following is None or not _in_one_stretch(node, following):
            yield from waiting.released()


class _Waiting:
    """The side chains that have not run yet, and what each still waits for."""

    def __init__(self, nodes: Sequence[Node], chains: Sequence[Sequence[Node]]) -> None:
        steps = set(nodes)
        self._chains = chains
        self._needs = [_taken_from(chain, steps) for chain in chains]
        self._readers: dict[Node, list[int]] = {}
        for index, needed in enumerate(self._needs):
            for node in needed:
                self._readers.setdefault(node, []).append(index)
        self._ready = deque(index for index, needed in enumerate(self._needs) if not needed)

    def done(self, node: Node) -> None:
        """A step has run: the side chains that have all they need now are ready."""
        for index in self._readers.get(node, ()):
            self._needs[index].discard(node)
            if not self._needs[index]:
                self._ready.append(index)

    def released(self) -> Iterator[Node]:
        """The steps of the side chains that are ready."""
        while self._ready:
            for node in self._chains[self._ready.popleft()]:
                yield node
                self.done(node)


def _taken_from(chain: Sequence[Node], steps: set[Node]) -> set[Node]:
    """The steps that a side chain takes values from."""
    sources = {value.node for node in chain for value in node.inputs}
    return (sources & steps).difference(chain)


def _in_one_stretch(node: Node, following: Node) -> bool:
    """Whether both are computed again in the backward pass, together."""
    stretch = node.place.within(CHECKPOINT)
    return stretch is not None and stretch is following.place.within(CHECKPOINT)
