"""A program's tensors in the order in which PyTorch keeps them: whatever lists keys or weights reads this one list.

A module's own parameters come first, then its buffers, then its children as they were first met.
"""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir.graph import Declared, Graph, Layer, Program, Scope
from archdsl.record import Record


class Held(Record):
    """A tensor of the module, under one of its keys.

    shape:     in plain numbers: no weight depends on a free size.
    trainable: a parameter; else a buffer.
    saved:     whether the state dict has it (a `const` is a buffer that it hasn't).
    node:      the step whose tensor it is, or its declaration.
    name:      what the step calls it ("weight"); the label of a declaration.
    tied:      the key of the tensor that this is a second name of; "" for one of its own.
    """

    key: str
    shape: tuple[int, ...]
    dtype: str
    trainable: bool
    saved: bool
    node: Layer | Declared
    name: str
    tied: str = ""


class _Module:
    """A module as it fills: its own tensors, and its children by name."""

    __slots__ = ("buffers", "children", "parameters")

    def __init__(self) -> None:
        self.parameters: list[Held] = []
        self.buffers: list[Held] = []
        self.children: dict[str, _Module] = {}

    def at(self, path: tuple[str, ...]) -> _Module:
        module = self
        for part in path:
            module = module.children.setdefault(part, _Module())
        return module

    def add(self, tensor: Held) -> None:
        (self.parameters if tensor.trainable else self.buffers).append(tensor)


def tensors(program: Program) -> Iterator[Held]:
    """Every parameter and buffer; a tied one stands under each of its keys."""
    root = _Module()
    owners = _owners(program.graph)
    for path, node, _ in program.graph.walk():
        if isinstance(node, Declared):
            root.at(path[:-1]).add(_declared(path, node))
        elif isinstance(node, Layer) and node.name is not None:
            for tensor in _of_layer(path, node, owners):
                root.at(path).add(tensor)
    stack = [iter((root,))]
    while stack:
        module = next(stack[-1], None)
        if module is None:
            stack.pop()
            continue
        yield from module.parameters
        yield from module.buffers
        stack.append(iter(module.children.values()))


def _declared(path: tuple[str, ...], node: Declared) -> Held:
    shape = node.outputs[0].shape
    assert shape is not None, "a checked program has no unknown shapes"
    return Held(
        ".".join(path), shape.at({}), shape.dtype, node.kind == "param", node.kind != "const", node, path[-1]
    )  # fmt: skip


def _of_layer(path: tuple[str, ...], node: Layer, owners: dict[str, str]) -> Iterator[Held]:
    for state in node.state:
        key = ".".join((*path, state.name))
        yield Held(key, state.shape, state.dtype, state.trainable, True, node, state.name, owners.get(key, ""))


def _owners(root: Graph) -> dict[str, str]:
    """For each tied key the key of the tensor that it shares."""
    found: dict[str, str] = {}
    todo: list[tuple[tuple[str, ...], Graph]] = [((), root)]
    while todo:
        path, graph = todo.pop()
        for tie in graph.ties:
            owner = (*path, *tie.owner, *((tie.source,) if tie.source else ()))
            found[".".join((*path, *tie.step, tie.tensor))] = ".".join(owner)
        todo += [
            ((*path, *node.name), node.graph)
            for node in graph.nodes
            if isinstance(node, Scope) and node.name is not None
        ]
    return found
