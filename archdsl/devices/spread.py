"""A network with splits -> one network that lies on all of their devices.

    conv1: conv(96, 11x11) -> relu -> exchange        x0 = F.relu(self.gpus0.conv1(image))
                                                      x1 = F.relu(self.gpus1.conv1(move(image, 1)))
                                                      x2 = together(x0, x1, axis=1, device=0)
                                                      x3 = together(x0, x1, axis=1, device=1)

A step in a split becomes one for each device, and its value one for each. Whatever stands outside of splits is on the
first device, or on the one that `on` names. So the only moves are those that the spec says: what enters a split, or
`on`, and what is exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from archdsl.devices.spreading import Path, Spreading
from archdsl.ir.graph import Node, Program
from archdsl.ir.shares import Mesh


class Spread:
    """A network on several devices.

    copies: by the path of a layer of a split, those of the layers that the devices have in its place.
    """

    def __init__(self, program: Program, containers: Sequence[str], copies: Mapping[Path, list[Path]]) -> None:
        self.program = program
        self.containers = containers
        self.copies = copies

    @property
    def homes(self) -> Iterator[tuple[Path, int]]:
        """The device of each step that makes a module or a tensor."""
        for path, node, _ in self.program.graph.walk():
            if node.name and node.runs is None:
                yield path, self._device(node)

    def _device(self, node: Node) -> int:
        if node.place.device is not None:
            return node.place.device.number
        assert node.name
        return self.containers.index(node.name[0]) if node.name[0] in self.containers else 0


def spread(program: Program, mesh: Mesh) -> Spread:
    """The network on all devices of the mesh that it speaks of. Raises `NotLocal`."""
    spreading = Spreading(program, mesh)
    graph = spreading.graph(program.graph, inside=False)
    graph.returns = program.graph.returns
    made = Program(program.title, graph, program.nominal, (), program.domain, program.source)
    return Spread(made, spreading.containers, dict(spreading.copies(program.graph)))
