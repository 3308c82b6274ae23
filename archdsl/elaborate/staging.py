"""`stage { }`: where it may stand, and whether the stages of a network can run one behind the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.elaborate.context import At
from archdsl.ir.graph import Declared, Graph, Layer, Node, Scope
from archdsl.ir.stages import STAGE, stage_of, stages_of
from archdsl.ops.exchange import Gather
from archdsl.source import Span

if TYPE_CHECKING:
    from archdsl.elaborate.report import Reporter


def enter_stage(span: Span, at: At) -> None:
    """A stage stands in the network itself, in no other connector."""
    at.session.stages = True
    region = at.region
    inside = at.scope.graph.kind if at.scope.graph.kind not in ("network", STAGE) else ""
    if at.scope.graph.kind == STAGE and at.scope.parent is not None:
        inside = at.scope.parent.graph.kind if at.scope.parent.graph.kind != "network" else ""
    while region is not None and not inside:
        inside = "" if region.kind == "section" else region.kind
        region = region.parent
    if inside:
        from archdsl.errors.devices import StageInside

        shown = {"block": "a block", "group": "a group", STAGE: "another stage"}
        raise at.reporter.fail(StageInside(shown.get(inside, f"`{inside}`")), span)


def check_stages(graph: Graph, reporter: Reporter) -> None:
    """Every step has a stage, and no stage needs another one's weights."""
    for node in graph.nodes:
        loose = isinstance(node, Declared) or (isinstance(node, Layer) and isinstance(node.op, Gather))
        if not loose and stage_of(node) is None:
            from archdsl.errors.devices import OutsideStages

            reporter.report(OutsideStages(), node.place.span)
            return
    number = {node: i for i, steps in enumerate(stages_of(graph), 1) for node in steps}
    by_name = {node.name[0]: node for node in graph.nodes if node.name}
    for node in graph.nodes:
        if isinstance(node, Layer | Scope) and node.runs is not None:
            _need_same(number, by_name[node.runs[0]], node, ".".join(node.runs), node.place.span, reporter)
    for tie in graph.ties:
        owner, user = by_name[tie.owner[0]], by_name[tie.step[0]]
        _need_same(number, owner, user, ".".join(tie.owner), tie.span, reporter)


def _need_same(number: dict[Node, int], owner: Node, user: Node, name: str, span: Span, reporter: Reporter) -> None:
    if number[owner] != number[user]:
        from archdsl.errors.devices import SharedByStages

        reporter.report(SharedByStages(name, number[owner], number[user]), span)
