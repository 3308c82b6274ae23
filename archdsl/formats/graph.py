"""The graph as JSON: every body once, steps in textual order, sizes as the spec names them.

`docs/graph.schema.json` describes it. A reference to a value is {"input": i}, the graph's i-th input, or
{"step": i, "output": k}, result k of its i-th step.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from archdsl.emit.layout import shown_file
from archdsl.emit.pytorch import mark
from archdsl.initial import Init
from archdsl.ir.bodies import bodies_first
from archdsl.ir.dim import Dim
from archdsl.ir.graph import Declared, Graph, Layer, Node, Program, Region, Scope
from archdsl.ir.shape import Shape
from archdsl.source import Span, sha256

VERSION = 1
"""Of the format; it grows when a reader of the former one would go wrong."""

Json = dict[str, Any]


def graph_json(program: Program) -> str:
    """The document, ending in a newline: the same for the same program."""
    return "\n".join(_lines(_document(program))) + "\n"


def _lines(document: Json) -> Iterator[str]:
    """A line for each entry, and for each step of a graph: such a file can be compared line by line."""
    yield f'{{ "generator": {json.dumps(document["generator"])},'
    for key, value in document.items():
        if key not in ("generator", "graphs"):
            yield f" {json.dumps(key)}: {json.dumps(value)},"
    yield ' "graphs": ['
    for graph in document["graphs"]:
        yield "  {"
        for key, value in graph.items():
            if key != "steps":
                yield f"   {json.dumps(key)}: {json.dumps(value)},"
        yield '   "steps": ['
        yield from _separated(f"    {json.dumps(step)}" for step in graph["steps"])
        yield "   ]"
        yield "  }," if graph is not document["graphs"][-1] else "  }"
    yield " ]"
    yield "}"


def _separated(lines: Iterable[str]) -> Iterator[str]:
    """With a comma behind each but the last."""
    before: str | None = None
    for line in lines:
        if before is not None:
            yield before + ","
        before = line
    if before is not None:
        yield before


def _document(program: Program) -> Json:
    graphs = list(bodies_first(program.graph))
    number = {graph: index for index, graph in enumerate(graphs)}
    return {
        "generator": mark(program),
        "format": "archdsl-graph",
        "version": VERSION,
        "title": program.title,
        "file": shown_file(program.source.name),
        "sha256": sha256(program.source.text),
        "sizes": {name: _size(program, name) for name in program.nominal},
        "outputs": [
            {"name": output.label or "output", "training": output.training, "weight": output.weight}
            for output in program.graph.returns
        ],
        "init": [
            {"target": rule.target, "pattern": rule.pattern, "start": _start(rule.start)} for rule in program.init
        ],
        "root": number[program.graph],
        "graphs": [_graph(graph, number) for graph in graphs],
    }


def _size(program: Program, name: str) -> Json:
    free = program.domain.free(name)
    return {
        "nominal": program.nominal[name],
        "smallest": free.smallest,
        "modulus": free.modulus,
        "remainder": free.remainder,
    }


def _graph(graph: Graph, number: Mapping[Graph, int]) -> Json:
    position = {id(node): index for index, node in enumerate(graph.nodes)}
    refs: dict[int, Json] = {id(value): {"input": index} for index, value in enumerate(graph.inputs)}
    for node in graph.nodes:
        for value in node.outputs:
            refs[id(value)] = {"step": position[id(node)], "output": value.index}
    made: Json = {
        "kind": graph.kind,
        "title": graph.title,
        "place": _place(graph.span),
        "inputs": [{"name": getattr(value.node, "label", ""), **_tensor(value.shape)} for value in graph.inputs],
        "steps": [_step(node, refs, number) for node in graph.nodes],
        "outputs": [refs[id(value)] for value in graph.outputs],
    }
    if graph.order is not None:
        made["order"] = [position[id(node)] for node in graph.order]
    if graph.ties:
        made["ties"] = [
            {
                "step": ".".join(tie.step),
                "tensor": tie.tensor,
                "owner": ".".join(tie.owner),
                "source": tie.source,
            }
            for tie in graph.ties
        ]
    return made


def _step(node: Node, refs: Mapping[int, Json], number: Mapping[Graph, int]) -> Json:
    made: Json = {
        "name": ".".join(node.name) if node.name else None,
        "place": _place(node.place.span),
        "regions": _regions(node.place.region),
        **_what(node, number),
        "inputs": [refs[id(value)] for value in node.inputs],
        "results": [_tensor(value.shape) for value in node.outputs],
    }
    if node.place.split is not None:
        made["split"] = {"mesh": str(node.place.split.mesh), "by": list(node.place.split.by)}
    if node.place.device is not None:
        made["device"] = str(node.place.device)
    if isinstance(node, (Layer, Scope)):
        if node.runs is not None:
            made["runs"] = ".".join(node.runs)
        if node.frozen:
            made["frozen"] = True
    return made


def _what(node: Node, number: Mapping[Graph, int]) -> Json:
    """What a step is: an op, a graph of its own, or a declared tensor."""
    if isinstance(node, Scope):
        return {"graph": number[node.graph]}
    if isinstance(node, Declared):
        return {"declares": node.kind, "start": _start(node.start)}
    assert isinstance(node, Layer), "a checked network has no unknown steps"
    made: Json = {"op": node.op.name, "params": {name: _plain(getattr(node.op, name)) for name in node.op.fields}}
    if node.merges:
        made["merges"] = node.merges
    if node.runs is None and node.state:
        made["tensors"] = [
            {"name": tensor.name, "shape": list(tensor.shape), "dtype": tensor.dtype, "trainable": tensor.trainable}
            for tensor in node.state
        ]
    if node.starts:
        made["starts"] = {name: _start(start) for name, start in node.starts.items()}
    return made


def _regions(region: Region | None) -> list[Json]:
    """The connectors and sections without a scope that a step stands in, the outermost first."""
    found: list[Json] = []
    while region is not None:
        found.append({"kind": region.kind, "title": region.title, "place": _place(region.span)})
        region = region.parent
    return found[::-1]


def _tensor(shape: Shape | None) -> Json:
    assert shape is not None, "a checked network knows its shapes"
    made: Json = {"shape": [_dim(dim) for dim in shape.dims], "dtype": shape.dtype}
    if shape.shares is not None:
        made["shared"] = shape.shares.axis
    return made


def _dim(dim: Dim) -> int | str:
    return str(dim) if dim.constant is None else dim.constant


def _start(start: object) -> Any:
    """{"init": "normal", "std": 0.02}, a number, or nested lists."""
    if isinstance(start, Init):
        return {"init": start.name, **{name: getattr(start, name) for name in start.fields}}
    return _plain(start)


def _plain(value: object) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in cast("Sequence[object]", value)]
    return _dim(value) if isinstance(value, Dim) else value


def _place(span: Span) -> str:
    """`resnet.arch:18:9`: file, line and column, both from 1."""
    line, column = span.source.position(span.start)
    return f"{shown_file(span.source.name)}:{line}:{column}"
