"""`.json` files: they satisfy the published schema, say what the graph says, and change only where the spec does."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from archdsl.compiler import check
from archdsl.cost import Costs
from archdsl.formats import as_text
from archdsl.ir.graph import Program
from archdsl.source import Source
from tests.formats.models import made

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "graph.schema.json").read_text())

RICH = """
network rich(width = 8) {
    input image: [N, 3, H = 32, W = 32] where H % 2 == 0
    section("stem") { conv(width, 3x3, pad=1) -> relu }
    block1: residual { conv(width, 3x3, pad=1) -> bn }
    tower: { conv(width, 1x1) } * 2
    inception { conv(4, 1x1); conv(4, 3x3, pad=1) }
    avgpool(out=1x1) -> flatten -> linear(10)
}
"""


def document(program: Program) -> dict:
    made = json.loads(as_text(program, ".json"))
    jsonschema.validate(made, SCHEMA)
    return made


def written(text: str) -> Program:
    program = check(Source("rich.arch", text)).program
    assert program is not None
    return program


@pytest.mark.parametrize(
    ("path", "variant"),
    [("specs/lenet.arch", None), ("specs/vgg.arch", "vgg16_bn"), ("specs/resnet.arch", "resnet50")],
)
def test_specs_satisfy_the_schema(path: str, variant: str | None) -> None:
    program = made(path, variant).program
    graph = document(program)
    assert graph["title"] == (variant or program.title)
    assert parameters(graph, graph["root"]) == Costs(program).total.params


def parameters(document: dict, number: int) -> int:
    """Counted from the document alone."""
    total = 0
    for step in document["graphs"][number]["steps"]:
        if "graph" in step:
            total += parameters(document, step["graph"])
        for tensor in step.get("tensors", ()):
            elements = 1
            for size in tensor["shape"]:
                elements *= size
            total += elements * tensor["trainable"]
    return total


def test_references_lead_to_values() -> None:
    graph = document(written(RICH))
    for body in graph["graphs"]:
        for position, step in enumerate(body["steps"]):
            for ref in step["inputs"]:
                assert ref.get("input", 0) < len(body["inputs"])
                assert ref.get("step", -1) < position
        assert body["outputs"]


def test_what_the_graph_says() -> None:
    graph = document(written(RICH))
    root = graph["graphs"][graph["root"]]
    assert root["inputs"] == [{"name": "image", "shape": ["N", 3, "H", "W"], "dtype": "float32"}]
    assert graph["sizes"]["H"] == {"nominal": 32, "smallest": 2, "modulus": 2, "remainder": 0}
    conv = root["steps"][0]
    assert (conv["name"], conv["op"], conv["place"]) == ("0", "conv", "rich.arch:4:23")
    assert conv["regions"] == [{"kind": "section", "title": "stem", "place": "rich.arch:4:21"}]
    assert conv["params"]["channels"] == 8
    assert [step["merges"] for step in root["steps"] if "merges" in step] == ["inception"]


def test_the_same_spec_gives_the_same_text() -> None:
    assert as_text(written(RICH), ".json") == as_text(written(RICH), ".json")
    assert as_text(written(RICH.replace("width = 8", "width = 9")), ".json") != as_text(written(RICH), ".json")
