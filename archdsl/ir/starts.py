"""How each parameter of a network starts: by what its step states, else by the last rule that names it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from archdsl.ir.graph import Graph, Layer, Node, Program, Rule, Scope
from archdsl.ir.keys import matches
from archdsl.ops.op import State

if TYPE_CHECKING:
    from archdsl.initial import Init


class Owner:
    """A layer with parameters of its own, and its path; `params` are in PyTorch's order."""

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
            if node not in params:
                params[node] = tuple(one for one in node.state if one.trainable and one.name not in node.tied)
            yield Owner((*prefix, *(node.name or ())), node, params[node])


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
