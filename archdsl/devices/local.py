"""A network with splits -> the network that one device runs, and what it holds of each tensor.

The one set of weights is that of the network on one device. Of a layer in a split a device has its part of each tensor,
or all of it; or, where its groups are of different sizes, the tensors of its own group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from archdsl.devices.cutting import Cut
from archdsl.devices.local_ops import NotLocal
from archdsl.ir.graph import Declared, Layer, Node, Program
from archdsl.ir.shares import Mesh, Split
from archdsl.ops.op import State
from archdsl.ops.uneven import Uneven
from archdsl.record import Record
from archdsl.state import tensors as held_tensors


class Part(Record):
    """A tensor of the whole network is cut along an axis; `sizes` are the devices' parts of it."""

    axis: int
    sizes: tuple[int, ...]


class Local:
    """One device's network.

    parts:  by `state_dict` key those tensors of which it holds a part; it has all of the others.
    summed: the keys of parameters that every device has, but uses in its own way: their gradient is the sum of all
            devices' gradients.
    placed: the keys of what one device alone has, and which.
    origins: by step, that of the whole network in whose place it stands, or for whose sake.
    elsewhere: by step that stands for those of another device, the paths within its graph of their layers with weights.
    """

    def __init__(
        self,
        program: Program,
        mesh: Mesh,
        device: int,
        parts: Mapping[str, Part],
        summed: Set[str],
        placed: Mapping[str, int],
        origins: Mapping[Node, Node],
        elsewhere: Mapping[Node, Sequence[str]],
    ) -> None:
        self.program = program
        self.mesh = mesh
        self.device = device
        self.parts = parts
        self.summed = summed
        self.placed = placed
        self.origins = origins
        self.elsewhere = elsewhere

    def step(self, node: Node, path: str) -> str:
        """What the whole network calls one of the device's steps: in groups of different sizes, a group is in it."""
        origin = self.origins.get(node)
        return path.rpartition(".")[0] if isinstance(origin, Layer) and isinstance(origin.op, Uneven) else path


def group_mesh(program: Program) -> Mesh | None:
    """The devices that a network speaks of; None: it speaks of none. Raises `NotLocal` for several groups of them."""
    places = [node.place for _, node, _ in program.graph.walk()]
    meshes = {where.mesh: None for place in places if (where := place.split or place.device) is not None}
    for value in program.graph.inputs:  # a stage may be handed what another one shares out
        if value.shape is not None and value.shape.shares is not None:
            meshes.setdefault(value.shape.shares.split.mesh)
    if len(meshes) > 1:
        raise NotLocal(f"{program.title} speaks of several meshes: {', '.join(map(str, meshes))}")
    return next(iter(meshes), None)


def local(program: Program, device: int) -> Local:
    """The network of one device. Raises `NotLocal`, and `IndexError` for a device that the mesh does not have."""
    mesh = group_mesh(program)
    if mesh is None:
        raise NotLocal(f"{program.title} says nothing of devices: no split, no on")
    if not 0 <= device < mesh.size:
        raise IndexError(f"{mesh} has no device {device}")
    cut = Cut(device)
    graph = cut.graph(program.graph, inside=False)
    graph.returns = program.graph.returns
    made = Program(program.title, graph, program.nominal, (), program.domain, program.source)
    held = dict(_held(made, cut.origins)) if mesh.size > 1 else {}
    parts = {key: part for key, part in held.items() if part is not None}
    placed = dict(_placed(program))
    _need_equal_ties(program, parts, placed)
    return Local(made, mesh, device, parts, held.keys() - parts.keys(), placed, cut.origins, cut.elsewhere)


def _held(own: Program, origins: Mapping[Node, Node]) -> Iterator[tuple[str, Part | None]]:
    """What the device has of the tensors in splits, by their keys: a part, or all of a parameter (None).

    Groups of different sizes have tensors of their own, all of which are `placed`.
    """
    for path, node, _ in own.graph.walk():
        whole = origins.get(node)
        if node.runs is not None or node.place.split is None:
            continue
        if isinstance(node, Declared) and node.kind == "param":
            yield ".".join(path), None
        elif isinstance(node, Layer) and isinstance(whole, Layer) and not isinstance(whole.op, Uneven):
            for before, after in zip(whole.state, node.state):
                if before.shape != after.shape:
                    yield ".".join((*path, before.name)), _part(before, after, node.place.split)
                elif before.trainable:
                    yield ".".join((*path, before.name)), None


def _part(whole: State, own: State, split: Split) -> Part:
    """It is cut along the axis along which they differ."""
    axis = next(axis for axis, (before, after) in enumerate(zip(whole.shape, own.shape)) if before != after)
    return Part(axis, split.sizes(whole.shape[axis]))


def _need_equal_ties(program: Program, parts: Mapping[str, Part], placed: Mapping[str, int]) -> None:
    """A tensor with two names is cut alike under both, and lies on the same devices."""
    for held in held_tensors(program):
        own, other = parts.get(held.key), parts.get(held.tied)
        if held.tied and (own and (own.axis, own.sizes)) != (other and (other.axis, other.sizes)):
            raise NotLocal(f"`{held.key}` is `{held.tied}`, but devices would have different parts of it")
        if held.tied and placed.get(held.key) != placed.get(held.tied):
            raise NotLocal(f"`{held.key}` is `{held.tied}`, but they would lie on different devices")


def _placed(program: Program) -> Iterator[tuple[str, int]]:
    for path, node, _ in program.graph.walk():
        if node.runs is not None:
            continue
        device = node.place.device and node.place.device.number
        if isinstance(node, Declared) and device is not None:
            yield ".".join(path), device
        elif isinstance(node, Layer):
            groups = isinstance(node.op, Uneven)
            for state in node.state if groups or device is not None else ():
                number = int(state.name.partition(".")[0]) if groups else device
                assert number is not None
                yield ".".join((*path, state.name)), number
