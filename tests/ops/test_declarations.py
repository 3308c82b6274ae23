"""Every op is declared in full, and its examples say what is true."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from textwrap import dedent, indent

import pytest

from archdsl import ops
from archdsl.compiler import check
from archdsl.ops.op import MANY, REGISTRY, Op
from archdsl.source import Source

ROLES = {
    *("conv", "dense", "norm", "pool", "activation", "merge", "reshape", "resize", "regularise", "identity"),
    *("attention", "embedding", "exchange"),
}
KINDS = {"int", "float", "bool", "str", "Size", "ints", "Axes", "Table", "word", "AxisSizes"}


def find(name: str) -> type[Op]:
    found = ops.find(name)
    assert found is not None
    return found


def example_of(op: type[Op]) -> str:
    """The spec under `Example:` in the docstring."""
    doc = dedent(" " * 4 + (op.__doc__ or ""))
    return dedent(doc.partition("Example:\n")[2]).strip()


def test_families_list_what_their_files_declare() -> None:
    for family, names in ops.FAMILIES.items():
        module = import_module(f"archdsl.ops.{family}").__name__
        declared = {name for name, cls in REGISTRY.items() if cls.__module__ == module}
        assert declared == set(names.split()), family


@pytest.mark.parametrize("name", ops.names())
def test_declared_in_full(name: str) -> None:
    op = find(name)
    assert op.name == name
    assert op.role in ROLES
    assert op.operands in (1, 2, 3, MANY)
    assert op.__doc__ is not None
    assert re.match(r"[A-Z0-9x].*[.:]\n", op.__doc__), "its first line says what it does"
    assert {param.kind for param in op.params} <= KINDS
    assert all(param.choices for param in op.params if param.kind == "word")
    assert all(name in {param.name for param in op.params} for name in op.makes.values())


@pytest.mark.parametrize("name", ops.names())
def test_example(name: str) -> None:
    """It uses the op, compiles, and keeps what it promises: `expect` is an error where it doesn't hold."""
    example = example_of(find(name))
    assert re.search(rf"\b{name}\b", example)
    assert "expect output ==" in example
    text = example if "network" in example else f"network example {{\n{indent(example, '    ')}\n}}\n"
    checked = check(Source(f"{name}.arch", text))
    assert [f"{d.span}: {d.title} ({d.label})" for d in checked.diagnostics] == []
    assert checked.program is not None


def test_finding_an_op_loads_its_family_alone() -> None:
    code = (
        "import sys; from archdsl import ops; ops.find('relu'); assert ops.find('nothing') is None;"
        "print(*sorted(m for m in sys.modules if m.startswith('archdsl.ops.')))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    expected = {"elementwise", "form", "op", "rectifier", "rules"}
    assert {module.removeprefix("archdsl.ops.") for module in out} == expected


def test_ops_import_no_torch() -> None:
    code = (
        "import sys; from archdsl import ops; [ops.find(name) for name in ops.names()];"
        "print(*{'torch', 'numpy', 'networkx', 'rich', 'lark'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


def test_ops_are_equal_by_type_and_parameters() -> None:
    conv = find("conv")
    assert conv(64, 3) == conv(64, 3, stride=1)
    assert hash(conv(64, 3)) == hash(conv(64, 3, stride=1))
    assert conv(64, 3) != conv(64, 3, stride=2)
    assert find("relu")() != find("relu6")()
