"""What `compile` and `summary` print: a row a step, equal neighbours folded, and the totals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from archdsl.cost import Cost, Costs, costs_of
from archdsl.ir.bodies import bodies_first
from archdsl.ir.graph import Declared, Graph, Layer, Node, Program, Scope, Value
from archdsl.receptive import receptive_field
from archdsl.record import Record
from archdsl.source import Span


class Row(Record):
    """One step, or `repeat` equal ones in a row; the figures are those of one."""

    level: int
    """How deep it stands: 0 for the network's own steps."""
    path: tuple[str, ...]
    """Of the first; its last component is its own name. The scope's path for a step without a name."""
    last: str
    """The name of the last of them."""
    named: bool
    kind: str
    """The op's, the block's or the connector's name."""
    output: tuple[int, ...]
    """The shape of its (first) result, without the batch."""
    repeat: int
    cost: Cost
    training: bool = False
    """It runs in training only, so that the network's MACs and activations are without it."""


class Result(Record):
    """An output: its name ("" for the only one, unnamed), and its shape without the batch."""

    name: str
    shape: tuple[int, ...]
    training: bool
    weight: float | None


class Summary(Record):
    """A network in figures, at nominal sizes: a batch of one, unless the input fixes it."""

    title: str
    file: str
    sizes: tuple[tuple[str, int], ...]
    inputs: tuple[tuple[str, tuple[int, ...]], ...]
    outputs: tuple[Result, ...]
    rows: tuple[Row, ...]
    total: Cost
    receptive_field: tuple[int, ...] | None
    unproved: tuple[Span, ...]
    """Steps that compare sizes when the module runs, because a proof was beyond the budget."""


def summarize(program: Program, depth: int = 2) -> Summary:
    """The steps down to `depth` levels, from 1."""
    costs = costs_of(program)
    total = costs.total
    graph = program.graph
    return Summary(
        program.title,
        program.source.name,
        tuple(program.nominal.items()),
        tuple((_label(value), costs.sizes(value.shape)[1:]) for value in graph.inputs),
        tuple(
            Result(output.label, costs.sizes(value.shape)[1:], output.training, output.weight)
            for value, output in zip(graph.outputs, graph.returns)
        ),
        tuple(_rows(graph, costs, depth)),
        total,
        receptive_field(program),
        tuple(check.node.place.span for body in bodies_first(graph) for check in body.checks),
    )


def _label(value: Value) -> str:
    return str(getattr(value.node, "label", ""))


def _rows(graph: Graph, costs: Costs, depth: int) -> Iterator[Row]:
    """Depth first; of equal neighbours the first stands for all, and its body is shown once."""
    likeness = Likeness(graph)
    stack: list[tuple[tuple[str, ...], Iterator[list[Node]]]] = [((), _runs(graph, likeness))]
    while stack:
        prefix, runs = stack[-1]
        run = next(runs, None)
        if run is None:
            stack.pop()
            continue
        first = run[0]
        path = prefix + (first.name or ())
        made = first.outputs[0].shape if first.outputs else None
        last = (run[-1].name or ("",))[-1]
        yield Row(
            len(stack) - 1,
            path,
            last,
            bool(first.name),
            kind(first),
            costs.sizes(made) if isinstance(first, Declared) else costs.sizes(made)[1:],
            len(run),
            costs.node(first),
            len(stack) == 1 and graph.only_in_training(first),
        )
        if isinstance(first, Scope) and first.runs is None and len(stack) < depth:
            stack.append((path, _runs(first.graph, likeness)))


def _runs(graph: Graph, likeness: Likeness) -> Iterator[list[Node]]:
    """The steps of a graph, neighbours that are alike together."""
    return (list(run) for _, run in groupby(graph.nodes, likeness.of))


def kind(node: Node) -> str:
    """What a step is called in a table."""
    if node.runs is not None:
        return f"@{'.'.join(node.runs)}"
    if isinstance(node, Scope):
        return node.graph.title if node.graph.kind == "block" else node.graph.kind
    if isinstance(node, Declared):
        return node.kind
    return node.op.name if isinstance(node, Layer) else ""


class Likeness:
    """Numbers that are equal for steps that are alike: same op or body, shapes, device, and wiring within the body."""

    def __init__(self, graph: Graph) -> None:
        self._numbers: dict[object, int] = {}
        self._graphs: dict[Graph, int] = {}
        for body in bodies_first(graph):
            self._graphs[body] = self._number(self._description(body))

    def of(self, node: Node) -> int:
        """The number of a step. What its inputs come from plays no part: neighbours never have the same."""
        if isinstance(node, Scope):
            return self._number((self._graphs[node.graph], node.runs, node.place.device))
        shapes = tuple(value.shape for value in node.inputs)
        if isinstance(node, Declared):
            return self._number((node.kind, node.outputs[0].shape))
        what = (node.op, node.merges, node.tied, node.runs) if isinstance(node, Layer) else node
        return self._number((what, shapes, node.place.device))

    def _number(self, description: object) -> int:
        return self._numbers.setdefault(description, len(self._numbers))

    def _description(self, graph: Graph) -> object:
        """Input shapes, then every step: its name, its number, and how many steps back each of its inputs was made."""
        made: dict[Value, object] = {value: ("in", index) for index, value in enumerate(graph.inputs)}
        steps: list[object] = []
        for index, node in enumerate(graph.nodes):
            steps.append((node.name, self.of(node), tuple(made.get(value) for value in node.inputs)))
            for value in node.outputs:
                made[value] = (index, value.index)
        outputs = tuple(made.get(value) for value in graph.outputs)
        return graph.kind, graph.title, tuple(value.shape for value in graph.inputs), tuple(steps), outputs
