"""How each parameter of a network starts: by what its step states, else by the last rule that names it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from archdsl.ir.graph import Graph, Layer, Node, Program, Rule, Scope, Value
from archdsl.ir.keys import matches
from archdsl.ops.op import State
from archdsl.ops.uneven import Group, Uneven

if TYPE_CHECKING:
    from archdsl.initial import Init


class Owner:
    """A layer with parameters of its own, and its path; `params` are in PyTorch's order.

    Of a layer in groups of different sizes each group is one.
    """

    __slots__ = ("layer", "params", "path")

    def __init__(self, path: tuple[str, ...], layer: Layer, params: tuple[State, ...]) -> None:
        self.path = path
        self.layer = layer
        self.params = params


def owners(graph: Graph, *, once: bool = False) -> Iterator[Owner]:
    """Every layer below whose op has parameters, in textual order. A step that runs again has none of its own.

    once: a layer that stands for many modules, as scopes share graphs, is given for the first of them alone.
    """
    met: set[Graph] = set()
    stack: list[tuple[tuple[str, ...], Iterator[Node]]] = [((), iter(graph.nodes))]
    params: dict[Layer, tuple[State, ...]] = {}
    while stack:
        prefix, nodes = stack[-1]
        node = next(nodes, None)
        if node is None:
            stack.pop()
        elif isinstance(node, Scope) and node.runs is None:
            if once and node.graph in met:
                continue
            met.add(node.graph)
            stack.append(((*prefix, *(node.name or ())), iter(node.graph.nodes)))
        elif isinstance(node, Layer) and node.runs is None and node.op.weights != ():
            for name, layer in layers_of(node):
                if layer not in params:
                    params[layer] = tuple(one for one in layer.state if one.trainable and one.name not in layer.tied)
                yield Owner((*prefix, *(node.name or ()), *name), layer, params[layer])


def layers_of(node: Layer) -> tuple[tuple[tuple[str, ...], Layer], ...]:
    """The layers that a step makes, by their names in it: itself, or those of its groups."""
    op = node.op
    if not isinstance(op, Uneven):
        return (((), node),)
    (value,) = node.inputs
    assert value.shape is not None, "a checked step knows what it is applied to"
    return tuple(
        ((str(number),), _group(node, group, number)) for number, group in enumerate(op.groups_in(value.shape))
    )


def _group(node: Layer, group: Group, number: int) -> Layer:
    made = Layer(group.op, (Value(node, 0, group.x),), None, None, node.place, node.args)
    made.starts, made.frozen = node.starts, node.frozen
    made.tied = own_tied(node, number)
    return made


def own_tied(node: Layer, group: int) -> frozenset[str]:
    """What one of the groups of a layer calls those of its tensors that are another step's."""
    return frozenset(name.removeprefix(f"{group}.") for name in node.tied if name.startswith(f"{group}."))


class Rules:
    """A network's rules, to be asked which of them name a parameter."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._of_op: dict[str, list[tuple[int, Rule]]] = {}
        self._patterns: list[tuple[int, Rule]] = []
        for index, rule in enumerate(rules):
            among = self._patterns if rule.pattern else self._of_op.setdefault(rule.target, [])
            among.append((index, rule))

    @property
    def by_path(self) -> bool:
        """Whether a rule names parameters by their paths; else the modules of one layer all start alike."""
        return bool(self._patterns)

    def naming(self, owner: Owner, param: str) -> list[Rule]:
        """The rules that name a parameter, in textual order: the last is the one that counts."""
        found = self._of_op.get(f"{owner.layer.op.name}.{param}", [])
        if self._patterns:
            path = ".".join((*owner.path, param))
            found = found + [item for item in self._patterns if matches(item[1].target, path)]
            found.sort(key=lambda item: item[0])
        return [rule for _, rule in found]

    def start(self, owner: Owner, param: str) -> Init | None:
        """How a parameter starts; None where nothing is said, so that PyTorch's constructor is left to it."""
        own = owner.layer.starts.get(param)
        if own is not None:
            return own
        rules = self.naming(owner, param)
        return rules[-1].start if rules else None


def starts_anything(program: Program, graphs: Sequence[Graph]) -> bool:
    """Whether anything is said at all of how parameters start; `graphs` are the program's distinct ones."""
    return bool(program.init) or any(
        isinstance(node, Layer) and node.starts for graph in graphs for node in graph.nodes
    )
