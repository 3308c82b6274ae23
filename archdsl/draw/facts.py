"""What a figure knows of a part beyond its label: the lines of its tooltip, and the numbers that colours stand for."""

from __future__ import annotations

from archdsl.cost import Costs
from archdsl.draw.labels import cut
from archdsl.draw.parts import Frame, Leaf, Part
from archdsl.ir.graph import Layer, Node, Program
from archdsl.render.table import decimal

LONGEST = 100
"""Characters of a spec's line in a tooltip."""


class Facts:
    """Of one program."""

    def __init__(self, program: Program) -> None:
        self.costs = Costs(program)

    def lines(self, part: Part) -> tuple[str, ...]:
        """The tooltip: path, what it is, its shape, parameters and MACs, and the line of the spec."""
        found = [_path(part)]
        if isinstance(part, Leaf):
            with_it = [node.op.name for node in part.with_it if isinstance(node, Layer)]
            found.append(part.text + (f" with {', '.join(with_it)}" if with_it else ""))
        elif isinstance(part, Frame) and part.title:
            found.append(part.title)
        if part.shape is not None:
            found.append(f"output {part.shape}")
        params, macs = self.params(part), self.macs(part)
        each = ", each" if part.repeat > 1 else ""
        if params or macs:
            found.append(f"{params:,} parameters, {decimal(macs)} MACs{each}")
        if part.node is not None:
            found.append(_spec_line(part.node))
        return tuple(line for line in dict.fromkeys(found) if line)

    def params(self, part: Part) -> int:
        """Of one, where it stands for several."""
        return sum(self.costs.node(node).params for node in self._nodes(part))

    def macs(self, part: Part) -> int:
        return sum(self.costs.node(node).macs for node in self._nodes(part))

    def _nodes(self, part: Part) -> list[Node]:
        if isinstance(part, Frame) and part.node is None:
            return [node for inner in part.parts for node in self._nodes(inner)]
        nodes = [part.node] if part.node is not None else []
        return nodes + (part.with_it if isinstance(part, Leaf) else [])


def _path(part: Part) -> str:
    shown = ".".join(name for name in part.path if name[:1] != "~")
    return f"{shown} to {part.last[-1]}" if part.repeat > 1 else shown


def _spec_line(node: Node) -> str:
    span = node.place.span
    text = " ".join(span.source.line(span.line).split())
    return f"{span.source.name}:{span.line}: {cut(text, LONGEST)}"
