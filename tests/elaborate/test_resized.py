"""Bodies on other sizes, against the same bodies unfolded anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl import api
from archdsl.elaborate import calls
from archdsl.elaborate.calls import Body
from archdsl.emit import emit
from archdsl.formats.graph import graph_json
from archdsl.ir.graph import Program, Scope
from archdsl.render import render_text
from archdsl.why import explain
from tests.elaborate.specs import codes, network, program

SPECS = Path(__file__).parents[2] / "specs"

TARGETS = ["densenet.arch:densenet_bc100_k12", "densenet.arch:densenet_plain", "googlenet.arch:googlenet",
           "inception_v3.arch:inception_v3", "mobilenet_v3.arch:mobilenet_v3_large", "resnet_v2.arch:resnet50_v2",
           "unet.arch:unet", "vit.arch:vit_b_16"]  # fmt: skip


@pytest.fixture
def unfolded(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Every body is unfolded from its text."""

    def never(*_: object) -> Body | None:
        return None

    monkeypatch.setattr(calls, "_resized", never)
    return monkeypatch


def everything(program: Program) -> tuple[str, str, list[str]]:
    """The graph, the module, and where each step's sizes come from."""
    paths = [".".join(path) for path, node, _ in program.graph.walk() if node.name is not None]
    return graph_json(program), emit(program), [repr(explain(program, path)) for path in paths[:: 1 + len(paths) // 40]]


@pytest.mark.parametrize("target", TARGETS)
def test_is_as_if_unfolded(target: str, unfolded: pytest.MonkeyPatch) -> None:
    file, _, variant = target.partition(":")
    anew = everything(api.program(SPECS / file, variant))
    unfolded.undo()
    assert everything(api.program(SPECS / file, variant)) == anew


def bodies(body: str, before: str) -> list[int]:
    """How many steps the body of each call in a network has."""
    checked = program(network(body, before=before))
    return [len(node.graph.nodes) for node in checked.graph.nodes if isinstance(node, Scope)]


def test_what_asks_for_sizes_is_unfolded() -> None:
    asks = "block b {\n conv(8, 1x1) -> bn\n if @in.channels > 8 { relu }\n}"
    assert bodies("b -> conv(16, 1x1) -> b", asks) == [2, 3]
    through = f"{asks}\nblock c {{ b }}"
    checked = program(network("c -> conv(16, 1x1) -> c", before=through))
    inner = [len(node.graph.nodes) for _, node, _ in checked.graph.walk() if isinstance(node, Scope)]
    assert inner == [1, 2, 1, 3]


def test_steps_of_several_values_may_have_more_of_them() -> None:
    parts = "block b { let all = unbind(@, axis=1)\n concat(all) }"
    assert codes(network("b -> conv(4, 1x1) -> b", before=parts)) == codes(network("conv(4, 1x1) -> b", before=parts))


GROUPED = "block b { conv(12, 1x1, groups=3) -> relu }"


def test_errors_on_other_sizes_are_those_of_the_text(unfolded: pytest.MonkeyPatch) -> None:
    wrong = "a: b -> conv(4, 1x1) -> c: b -> d: b"
    anew = network(wrong, before=GROUPED).diagnostics
    unfolded.undo()
    found = network(wrong, before=GROUPED).diagnostics
    assert [d.code for d in found] == ["E0502"]
    assert render_text(found, color=False) == render_text(anew, color=False)


def test_budget_counts_resized_bodies() -> None:
    many = "for i in 0..1000 { for j in 0..100 { b -> conv(i + j + 1, 1x1) } }"
    assert codes(network(many, before="block b { relu -> relu -> relu }")) == ["E0601"]


def test_shapes_are_shared_behind_a_step_that_makes_the_same_of_any_size() -> None:
    checked = program(network("b -> conv(5, 1x1) -> b", before="block b { conv(8, 1x1) -> bn -> relu }"))
    one, other = (node.graph for node in checked.graph.nodes if isinstance(node, Scope))
    assert one.inputs[0].shape != other.inputs[0].shape
    assert one.outputs[0].shape is other.outputs[0].shape
