"""Small specs for the elaborator's tests."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.compiler import Checked, check
from archdsl.ir.graph import Layer, Node, Program
from archdsl.source import Source


def run(text: str, target: str | None = None, settings: Mapping[str, object] | None = None) -> Checked:
    return check(Source("spec.arch", text), target, settings)


def network(body: str, *, params: str = "", before: str = "", shape: str = "[N, 3, 32, 32]") -> Checked:
    """A network around some steps."""
    return run(f"{before}\nnetwork net({params}) {{\ninput image: {shape}\n{body}\n}}")


def program(checked: Checked) -> Program:
    assert [d.title for d in checked.diagnostics] == []
    assert checked.program is not None
    return checked.program


def codes(checked: Checked) -> list[str]:
    return [diagnostic.code for diagnostic in checked.diagnostics]


def paths(checked: Checked) -> list[str]:
    """The paths of all steps that make modules, in order."""
    return [".".join(path) for path, node, _ in program(checked).graph.walk() if node.name is not None]


def layers(checked: Checked) -> list[Layer]:
    return [node for _, node, _ in program(checked).graph.walk() if isinstance(node, Layer)]


def words(checked: Checked) -> list[str]:
    return [layer.op.name for layer in layers(checked)]


def output(checked: Checked) -> str:
    return repr(program(checked).graph.outputs[0].shape)


def step(checked: Checked, path: str) -> Node:
    return next(node for found, node, _ in program(checked).graph.walk() if ".".join(found) == path)
