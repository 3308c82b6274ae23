"""`output mask: conv(2, 1x1)`: side chains whose results a network gives back, and when they run."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from archdsl.elaborate.arguments import give, match
from archdsl.elaborate.context import At
from archdsl.elaborate.lookup import no_current, single
from archdsl.elaborate.run_order import running_order
from archdsl.elaborate.steps import run_chain
from archdsl.elaborate.values import Tensor
from archdsl.ir.graph import CHECKPOINT, TRAINING, Graph, Node, Output, Region
from archdsl.ops.op import Param
from archdsl.source import Span
from archdsl.syntax import ast

if TYPE_CHECKING:
    from archdsl.elaborate.values import Flow

MAIN = "output"
"""The kind of a side chain's region, unless it is of training; and what the last value is called in a network that
states no output of its own but has others beside it."""

_WHEN = Param("when", "word", False, ("training",), False, None, False)
_WEIGHT = Param("weight", "float", True, (), False, None, True)


class Stated:
    """An output as stated: what is said of it, its value, and the steps of its side chain."""

    __slots__ = ("nodes", "output", "tensor")

    def __init__(self, output: Output, tensor: Tensor, nodes: Sequence[Node]) -> None:
        self.output = output
        self.tensor = tensor
        self.nodes = nodes


def run_output(statement: ast.Output, at: At) -> None:
    """Unfold a side chain. The current value passes on."""
    name = _name(statement, at)
    _mind_place(statement, name, at)
    training, weight = _options(statement, at)
    scope = at.scope
    steps, labels = len(scope.graph.nodes), len(scope.entries)
    region = Region(TRAINING if training else MAIN, statement.span, at.region, name)
    result = run_chain(_labelled(statement), inner := at.inner(region=region))
    if training:
        scope.hide_since(labels)
    if result is None:
        raise no_current(statement.chain.span, inner)
    value = single(result, "an output is one value", statement.chain.span, inner)
    output = Output(name, statement.name.span, training, weight)
    at.session.outputs[name] = Stated(output, value, scope.graph.nodes[steps:])


def _name(statement: ast.Output, at: At) -> str:
    """The output's name, which Python code reads it by: `model(x).mask`."""
    from archdsl.elaborate.expressions import text
    from archdsl.errors.networks import BadOutputName, DuplicateOutput

    node = statement.name
    name = node.text if isinstance(node, ast.Name) else text(node, at)
    if (reason := _why_not(name)) is not None:
        raise at.reporter.fail(BadOutputName(name[:60], reason), node.span)
    known = at.session.outputs.get(name)
    if known is not None:
        from archdsl.diagnostic import Label

        labels = (Label(known.output.span, "the first one"),) if known.output.span != node.span else ()
        raise at.reporter.fail(DuplicateOutput(name), node.span, labels=labels)
    return name


def _why_not(name: str) -> str | None:
    """Why a name can't be a field of a named tuple; None if it can."""
    if not name.isascii() or not name.isidentifier():
        return "it is to be read as `outputs.name`, so it is made of letters, digits and `_`"
    if len(name) > 100:
        return "it is longer than 100 characters"
    if name.startswith("_"):
        return "fields of a named tuple don't begin with `_`"
    if keyword.iskeyword(name):
        return "it is a Python keyword"
    if name == "Tensor":
        return "it is the type that outputs have in Python"
    return f"tuples have a method `{name}`" if name in ("count", "index") else None


def _mind_place(statement: ast.Output, name: str, at: At) -> None:
    """It stands in the network itself, in no stretch that is computed twice, and in no other side chain."""
    kind, region = at.scope.graph.kind, at.region
    while kind == "network" and region is not None:
        kind = region.kind if region.kind in (CHECKPOINT, TRAINING, MAIN) else kind
        region = region.parent
    if kind == "network":
        return
    from archdsl.errors.networks import OutputInside

    shown = {"block": "a block", "group": "a group", TRAINING: "another output", MAIN: "another output"}
    raise at.reporter.fail(OutputInside(shown.get(kind, f"`{kind}`"), name), statement.span)


def _options(statement: ast.Output, at: At) -> tuple[bool, float | None]:
    """Whether it is made in training only, and the weight of its loss."""
    given = [give(arg, None if arg.name else _WHEN, at) for arg in statement.args]
    found = match("output", (_WHEN, _WEIGHT), given, statement.name.span, at)
    weight = found["weight"].value if "weight" in found else None
    return "when" in found, cast("float | None", weight)


def _labelled(statement: ast.Output) -> ast.Chain:
    """The side chain; the output's name labels its first step that is no reference and has no label of its own."""
    name, chain = statement.name, statement.chain
    label = ast.Path(name.span, (name,)) if isinstance(name, ast.Name) else name
    steps = list(chain.steps)
    first = 1 if _is_reference(steps[0]) else 0
    if first < len(steps) and steps[first].label is None:
        step = steps[first]
        steps[first] = ast.Step(step.span, label, step.unit, step.repeat)
    return ast.Chain(chain.span, tuple(steps))


def _is_reference(step: ast.Step) -> bool:
    return isinstance(step.unit, ast.Run) and step.unit.args is None


# ---- once all are known


def last_value(result: Flow | None, at: At) -> Stated | None:
    """The network's last value as its one main output, if its own body states none."""
    if any(not one.output.training for one in at.session.outputs.values()):
        return None
    if at.reporter.diagnostics.failed and not isinstance(result, Tensor):
        return None  # an output that failed may have been the one that is stated
    if result is None:
        raise no_current(at.scope.graph.span, at)
    last = single(result, "a network gives one value", at.scope.graph.span, at)
    return Stated(Output("", last.value.node.place.span), last, ())


def _whole(tensor: Tensor, span: Span, at: At) -> Tensor:
    """What a network gives back is whole, wherever in a split it was made."""
    if not at.session.splits:
        return tensor
    from archdsl.elaborate.sharing import gathered

    return gathered(tensor, span, at)


def finish(graph: Graph, last: Stated | None, at: At) -> None:
    """What the network gives back, main outputs first, and the order in which its steps run."""
    stated = list(at.session.outputs.values())
    if last is not None:
        if MAIN in at.session.outputs:
            from archdsl.errors.networks import DuplicateOutput

            raise at.reporter.fail(DuplicateOutput(MAIN), at.session.outputs[MAIN].output.span)
        last.output.label = MAIN if stated else ""
        stated.insert(0, last)
    for one in sorted(stated, key=lambda one: one.output.training):
        graph.returns.append(one.output)
        graph.outputs.append(at.scope.localise(_whole(one.tensor, one.output.span, at)))
    chains = [one.nodes for one in stated if one.nodes]
    order = running_order(graph.nodes, chains)
    graph.order = order if order != graph.nodes else None
