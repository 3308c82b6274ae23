"""Equal neighbours become one that says how many: exactly, for the spec says what is equal.

a -> unit -> unit -> unit -> b     ->     a -> unit x3 -> b
"""

from __future__ import annotations

from archdsl.draw import labels
from archdsl.draw.outline import Path, View
from archdsl.draw.parts import End, Frame, Leaf, Part, Wire
from archdsl.ir.graph import Graph, Scope
from archdsl.summary import Likeness


class Fold:
    """Folds the frames of one figure. What the reader has opened by hand stays apart."""

    def __init__(self, graph: Graph, view: View) -> None:
        self.likeness = Likeness(graph)
        self.kept: set[Path] = {path[: i + 1] for path in view.expand for i in range(len(path))}

    def run(self, frame: Frame) -> None:
        ends = _Ends(frame)
        parts: list[Part] = []
        for part in frame.parts:
            first = parts[-1] if parts else None
            if first is not None and self._alike(first, part) and ends.continues(ends.last_of(first), part):
                ends.fold(first, part)
                first.repeat += part.repeat
                first.last = part.last
                if isinstance(first, Leaf) and isinstance(first.node, Scope):
                    first.text = labels.closed(first.node, None, first.shape, repeated=True)
                if isinstance(first, Frame) and isinstance(first.node, Scope):
                    first.title = labels.title(first.node, repeated=True)
            else:
                parts.append(part)
        frame.parts = parts
        frame.wires = ends.wires()

    def _alike(self, first: Part, part: Part) -> bool:
        if first.node is None or part.node is None or first.path in self.kept or part.path in self.kept:
            return False
        if first.training != part.training or first.kind in ("input", "declared", "sign", "bar"):
            return False
        same = self.likeness.of(first.node) == self.likeness.of(part.node)
        if isinstance(first, Leaf) and isinstance(part, Leaf):
            return same and [self.likeness.of(node) for node in first.with_it] == [
                self.likeness.of(node) for node in part.with_it
            ]
        return same and type(first) is type(part)


class _Ends:
    """Which wires a frame will have."""

    def __init__(self, frame: Frame) -> None:
        self.all = list(frame.wires)
        self.into: dict[int, list[int]] = {}
        self.out_of: dict[int, list[int]] = {}
        self.first: dict[int, Part] = {}
        self.last: dict[int, Part] = {}
        self.gone: set[int] = set()
        for i, wire in enumerate(self.all):
            self.into.setdefault(id(wire.target.part), []).append(i)
            self.out_of.setdefault(id(wire.source.part), []).append(i)

    def last_of(self, first: Part) -> Part:
        """The last of those that a part stands for."""
        return self.last.get(id(first), first)

    def continues(self, before: Part, part: Part) -> bool:
        """Whether a part reads the one before it where that reads its own, nothing else that is new, and nobody else
        reads the one before."""
        entering = {self.all[i].target.index: self.all[i].source for i in self.into.get(id(part), [])}
        earlier = {self.all[i].target.index: self.all[i].source for i in self.into.get(id(before), [])}
        if entering.keys() != earlier.keys() or any(
            self.all[i].target.part is not part for i in self.out_of.get(id(before), [])
        ):
            return False
        chained = [index for index, source in entering.items() if source.part is before]
        return bool(chained) and all(index in chained or entering[index] == earlier[index] for index in entering)

    def fold(self, first: Part, part: Part) -> None:
        """Drop the wires into a part; its own begin at the first."""
        self.gone.update(self.into.get(id(part), []))
        self.first[id(first)] = first
        self.last[id(first)] = part

    def wires(self) -> list[Wire]:
        """Those that are left, each from the part that stands for what it came from."""
        first_of = {id(last): self.first[first] for first, last in self.last.items()}
        kept = [wire for i, wire in enumerate(self.all) if i not in self.gone]
        for wire in kept:
            if (first := first_of.get(id(wire.source.part))) is not None:
                wire.source = End(first, wire.source.index)
        return kept
