"""A network -> the networks of its stages, each of which takes what the stages before it made and later ones need.

    stage { conv1 -> a }  stage { conv2 }  stage { conv3 -> add(@, @a) }
    image -> [conv1] -> a -> [conv2] -> a, b -> [conv3, add] -> output          a is relayed through the second

Steps keep their paths, so that the stages' `state_dict`s put together are the whole network's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archdsl.devices.addresses import Addresses, enclosing
from archdsl.devices.draws import drawing
from archdsl.ir.graph import Check, Declared, Graph, Input, Layer, Node, Output, Place, Program, Scope, Tie, Value
from archdsl.ir.stages import stages_of
from archdsl.record import Record


class NotStaged(ValueError):
    """The network can't be cut into these stages; the message says why."""


class Stage(Record):
    """One part of a pipeline. `takes` and `gives` are the values that it is handed and hands on, as the whole network
    knows them; the first stage takes the network's inputs, the last gives its outputs."""

    number: int
    program: Program
    takes: tuple[Value, ...]
    gives: tuple[Value, ...]


def carries_gradient(value: Value) -> bool:
    """Whether a value that a stage hands on has a gradient: numbers that some layer made do, inputs do not."""
    return not isinstance(value.node, Input) and value.shape is not None and "float" in value.shape.dtype


def staged(program: Program, paths: Sequence[Sequence[str]] | None = None) -> list[Stage]:
    """The stages that the spec marks, or those with these steps, by their paths in textual order; or `NotStaged`."""
    graph = program.graph
    if paths is None:
        cut = stages_of(graph)
        if not cut:
            raise NotStaged(f"{program.title} has no stages: mark them in the spec, `stage {{ }}`, or give a plan")
    else:
        graph, cut = _cut_at(graph, paths)
    if any(output.training for output in graph.returns):
        raise NotStaged(f"{program.title} has outputs that are made in training only")
    number = {node: i for i, steps in enumerate(cut) for node in steps}
    needed = _needed(graph, number, len(cut))
    stages: list[Stage] = []
    for i, steps in enumerate(cut):
        takes = tuple(graph.inputs) if i == 0 else needed[i]
        gives = needed[i + 1] if i + 1 < len(cut) else tuple(graph.outputs)
        stages.append(Stage(i, _program(program, graph, i, steps, takes, gives), takes, gives))
    return stages


def _needed(graph: Graph, number: dict[Node, int], count: int) -> list[tuple[Value, ...]]:
    """For each stage, the values from before it that it or a later one reads, in the order in which they are made."""
    last_read: dict[Value, int] = {}
    for node in graph.nodes:
        for value in node.inputs:
            last_read[value] = max(last_read.get(value, 0), number[node])
            made = number.get(value.node, 0)
            if made > number[node]:
                raise NotStaged(f"stage {number[node] + 1} needs what stage {made + 1} makes")
    last_read.update((value, count - 1) for value in graph.outputs)
    values = [*graph.inputs, *(value for node in graph.nodes for value in node.outputs)]
    return [
        tuple(v for v in values if v in last_read and number.get(v.node, 0) < stage <= last_read[v])
        for stage in range(count)
    ]


def _program(
    whole: Program, graph: Graph, number: int, steps: Iterable[Node], takes: Sequence[Value], gives: Sequence[Value]
) -> Program:
    """The network of one stage."""
    made = Graph("network", f"{whole.title}_stage{number}", graph.span)
    values: dict[Value, Value] = {}
    for i, value in enumerate(takes):
        label = value.node.label if isinstance(value.node, Input) else f"x{i}"
        node = Input(label, value.shape, Place(graph.span))
        made.inputs.append(node.outputs[0])
        values[value] = node.outputs[0]
    copies: dict[Node, Node] = {}
    for step in steps:
        copies[step] = copy = copied(step, [values[value] for value in step.inputs])
        made.nodes.append(copy)
        values.update(zip(step.outputs, copy.outputs))
    made.outputs = [values[value] for value in gives]
    if len(gives) > 1 or list(gives) == graph.outputs:
        labels = [output.label for output in graph.returns] if list(gives) == graph.outputs else []
        made.returns = [Output(labels[i] if labels else f"x{i}", graph.span) for i in range(len(gives))]
    else:
        made.returns = [Output("", graph.span)]
    if graph.order is not None:
        made.order = [copies[node] for node in graph.order if node in copies]
    made.checks = [
        Check(copies[check.node], check.axis, values[check.left], values[check.right])
        for check in graph.checks
        if check.node in copies
    ]
    names = {node.name[0] for node in copies if node.name}
    made.ties = [tie for tie in graph.ties if tie.step[0] in names]
    return Program(made.title, made, whole.nominal, (), whole.domain, whole.source)


def copied(node: Node, inputs: Sequence[Value], prefix: tuple[str, ...] = ()) -> Node:
    """The same step on other values, which have the same shapes; its path begins with `prefix`."""
    name = None if node.name is None else (*prefix, *node.name)
    copy: Node
    if isinstance(node, Declared):
        copy = Declared(node.kind, node.outputs[0].shape, name or (), node.place, node.start)
    elif isinstance(node, Scope):
        copy = Scope(node.graph, tuple(inputs), tuple(v.shape for v in node.outputs), name, node.place, node.args)
        copy.frozen = node.frozen
    elif isinstance(node, Layer):
        copy = Layer(node.op, tuple(inputs), None, name, node.place, node.args, node.merges)
        copy.outputs = tuple(Value(copy, i, value.shape) for i, value in enumerate(node.outputs))
        copy.starts, copy.tied, copy.frozen = node.starts, node.tied, node.frozen
    else:
        raise NotStaged("a step that failed can't be cut")
    if node.runs is not None:
        copy.runs = (*prefix, *node.runs)
    return copy


def _cut_at(graph: Graph, paths: Sequence[Sequence[str]]) -> tuple[Graph, list[list[Node]]]:
    """The graph with those scopes opened that lie in several stages, and each stage's steps.

    paths: for each stage the paths of its steps, or what `Addresses` calls them; what is named nowhere goes with the
           step before it.
    """
    stage_of = {path: i for i, stage in enumerate(paths) for path in stage}
    opened = {scope for path in stage_of for scope in enclosing(path)}
    flat, addresses = _opened(graph, opened)
    cut: list[list[Node]] = [[] for _ in paths]
    current = drawn = 0
    for node in flat.nodes:
        current = stage_of.pop(addresses[node], current)
        cut[current].append(node)
        if any(drawing([node])):
            if current < drawn:
                raise NotStaged(f"{addresses[node]} draws random numbers behind steps of a later stage")
            drawn = current
    if stage_of:
        raise NotStaged(f"the network has no step {min(stage_of)}")
    if not all(cut):
        raise NotStaged("a stage has no step")
    return flat, cut


def _opened(graph: Graph, which: set[str]) -> tuple[Graph, dict[Node, str]]:
    """The graph with the steps of some scopes written in their place, under the same paths; and their addresses."""
    flat = Graph(graph.kind, graph.title, graph.span)
    flat.params, flat.inputs, flat.returns = graph.params, graph.inputs, graph.returns
    values = {value: value for value in graph.inputs}
    found: dict[Node, str] = {}

    def write(source: Graph, prefix: tuple[str, ...], values: dict[Value, Value]) -> None:
        addresses = Addresses(".".join(prefix))
        for node in source.schedule:
            address = addresses.of(node)
            inputs = [values[value] for value in node.inputs]
            if isinstance(node, Scope) and node.name is not None and node.runs is None and address in which:
                inner = dict(zip(node.graph.inputs, inputs))
                write(node.graph, (*prefix, *node.name), inner)
                values.update(zip(node.outputs, (inner[value] for value in node.graph.outputs)))
                continue
            copy = copied(node, inputs, prefix)
            flat.nodes.append(copy)
            copies[node] = copy
            found[copy] = address
            values.update(zip(node.outputs, copy.outputs))
        flat.checks += [Check(copies[c.node], c.axis, values[c.left], values[c.right]) for c in source.checks]
        flat.ties += [
            Tie((*prefix, *tie.step), tie.tensor, (*prefix, *tie.owner), tie.source, tie.span) for tie in source.ties
        ]

    copies: dict[Node, Node] = {}
    write(graph, (), values)
    flat.outputs = [values[value] for value in graph.outputs]
    return flat, found
