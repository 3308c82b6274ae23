"""The receptive field: how much of the input one place of the last map sees, along each spatial axis.

A window of `k` places at stride `s` widens what is seen by (k - 1) jumps and multiplies the jump by s. The last map is
the one before the first global op (a global pool, a flatten): what follows sees everything, so it isn't counted. Where
branches meet the largest counts, and one that was still a map wins over one that wasn't (a squeeze-and-excite branch).

What a graph does to what its inputs have seen is affine, so a body that is shared between calls is analysed once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from archdsl.ir.bodies import bodies_first
from archdsl.ir.graph import Graph, Layer, Node, Program, Scope, Value
from archdsl.ops.op import Window

if TYPE_CHECKING:
    from fractions import Fraction

    Number = int | Fraction
    Axes = tuple[Number, ...]

Seen = Mapping[int, "tuple[Axes, Axes]"]
"""For each input of a graph that a value depends on: by how many of that input's jumps what it sees is wider, and by
what the jump is multiplied; along each spatial axis."""


class Paths:
    """How a value depends on its graph's inputs: along ways that are maps throughout, and along ways that ended."""

    __slots__ = ("ended", "open")

    def __init__(self, open: Seen, ended: Seen) -> None:
        self.open = open
        self.ended = ended


NOWHERE = Paths({}, {})


def receptive_field(program: Program) -> tuple[int, ...] | None:
    """In input elements along each spatial axis, of the first output; None without an input that has such axes."""
    outputs = _Analysis().run(program.graph)
    paths = outputs[0] if outputs else NOWHERE
    fields = [tuple(1 + int(-(-wider // 1)) for wider in axes) for axes, _ in (paths.open or paths.ended).values()]
    return max((field for field in fields if field), default=None)


def show_field(field: tuple[object, ...]) -> str:
    """`427`, or `427x211` where the axes differ."""
    return str(field[0]) if len(set(field)) == 1 else "x".join(map(str, field))


class _Analysis:
    def __init__(self) -> None:
        self._graphs: dict[Graph, list[Paths]] = {}

    def run(self, graph: Graph) -> list[Paths]:
        """What each output of a graph sees of the graph's inputs."""
        for body in bodies_first(graph):
            self._graphs[body] = self._outputs(body)
        return self._graphs[graph]

    def _outputs(self, graph: Graph) -> list[Paths]:
        values: dict[Value, Paths] = {}
        for index, value in enumerate(graph.inputs):
            axes = _spatial_rank(value)
            values[value] = Paths({index: ((0,) * axes, (1,) * axes)}, {})
        for node in graph.nodes:
            operands = [values.get(value, NOWHERE) for value in node.inputs]
            for value, paths in zip(node.outputs, self._node(node, operands)):
                values[value] = paths
        return [values.get(value, NOWHERE) for value in graph.outputs]

    def _node(self, node: Node, operands: list[Paths]) -> Iterable[Paths]:
        if isinstance(node, Scope):
            return [_through(inner, operands) for inner in self._graphs[node.graph]]
        axes = _spatial_rank(node.outputs[0])
        maps = [
            paths if _spatial_rank(value) == axes else Paths({}, _largest([paths.open, paths.ended]))
            for value, paths in zip(node.inputs, operands)
        ]
        merged = maps[0] if len(maps) == 1 else _merged(maps)
        window = _window(node)
        return [merged if window is None else _seen_through(window, merged)]


def _window(node: Node) -> Window | None:
    if not isinstance(node, Layer):
        return None
    return node.op.window(*(value.shape for value in node.inputs if value.shape))


def _spatial_rank(value: Value) -> int:
    return max(0, value.shape.rank - 2) if value.shape else 0


def _merged(several: list[Paths]) -> Paths:
    return Paths(_largest(paths.open for paths in several), _largest(paths.ended for paths in several))


def _largest(several: Iterable[Seen]) -> Seen:
    """Of the ways to each input the widest, axis by axis."""
    result: dict[int, tuple[Axes, Axes]] = {}
    for seen in several:
        for index, (wider, jump) in seen.items():
            if index in result:
                other_wider, other_jump = result[index]
                if len(wider) == len(other_wider):
                    wider = tuple(map(max, wider, other_wider))
                    jump = tuple(map(max, jump, other_jump))
                elif len(wider) < len(other_wider):
                    continue
            result[index] = wider, jump
    return result


def _seen_through(window: Window, paths: Paths) -> Paths:
    """Behind an op that looks at a window of places, or (without an extent) at all of them."""
    axes = len(window.extent)
    if not axes or any(len(wider) != axes for wider, _ in paths.open.values()):
        return Paths({}, _largest([paths.open, paths.ended]))
    steps: Axes = window.stride
    if any(up != 1 for up in window.up):
        from fractions import Fraction

        steps = tuple(map(Fraction, window.stride, window.up))
    opened = {
        index: (
            tuple(w + (k - 1) * j for w, k, j in zip(wider, window.extent, jump)),
            tuple(j * s for j, s in zip(jump, steps)),
        )
        for index, (wider, jump) in paths.open.items()
    }
    return Paths(opened, paths.ended)


def _through(inner: Paths, operands: list[Paths]) -> Paths:
    """Behind a scope: what its body sees of its inputs, and those of the inputs around it."""
    opened: list[Seen] = []
    ended: list[Seen] = []
    for seen, here in ((inner.open, opened), (inner.ended, ended)):
        for index, (wider, jump) in seen.items():
            outer = operands[index]
            here.append({i: _composed(before, wider, jump) for i, before in outer.open.items()})
            ended.append(outer.ended)
    return Paths(_largest(opened), _largest(ended))


def _composed(before: tuple[Axes, Axes], wider: Axes, jump: Axes) -> tuple[Axes, Axes]:
    wide, jumps = before
    if len(wide) != len(wider):
        return before
    return tuple(w + j * more for w, j, more in zip(wide, jumps, wider)), tuple(map(_times, jumps, jump))


def _times(left: Number, right: Number) -> Number:
    return left * right
