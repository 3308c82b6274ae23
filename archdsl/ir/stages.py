"""The stages of a network: which of its steps run one behind the other on devices of their own."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.ir.graph import Declared, Graph, Node, Region, Scope

STAGE = "stage"
"""The kind of a region, or of a labelled connector's graph, that is a part of a pipeline."""


def stage_of(node: Node) -> Region | Graph | None:
    """The stage that one of a network's own steps stands in; None: in none."""
    if isinstance(node, Scope) and node.graph.kind == STAGE:
        return node.graph
    return node.place.within(STAGE)


def stages_of(graph: Graph) -> list[list[Node]]:
    """The steps of each stage, in textual order; empty for a network without stages.

    What stands in none is what declares a tensor, or what makes a result whole: it goes with what it is made for or of.
    """
    found: dict[Region | Graph, list[Node]] = {}
    loose: list[Node] = []
    for node in graph.nodes:
        stage = stage_of(node)
        if stage is not None:
            found.setdefault(stage, []).append(node)
        else:
            loose.append(node)
    stages = list(found.values())
    for node in loose if stages else ():
        stages[_home(node, stages)].append(node)
    return stages


def _home(node: Node, stages: Sequence[Sequence[Node]]) -> int:
    """The stage of a loose node: that of its first reader, for a tensor; else that of its operand."""
    if isinstance(node, Declared):
        readers = (i for i, steps in enumerate(stages) for step in steps if node.outputs[0] in step.inputs)
        return next(readers, 0)
    operands = {value.node for value in node.inputs}
    return max((i for i, steps in enumerate(stages) if operands & set(steps)), default=0)
