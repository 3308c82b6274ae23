"""The arrows between packages: each may import only what stands before it."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "archdsl"

ORDER = (
    {"version", "record", "source", "budget", "collecting"},
    {"diagnostic"},
    {"errors"},
    {"ir", "ops", "initial"},
    {"connectors"},
    {"syntax"},
    {"elaborate"},
    {"compiler"},
)
"""Bottom up; what stands in one set may use each other. Outputs (`emit`, `cost`, ...) and shells stand above these."""

LEVELS = {name: level for level, names in enumerate(ORDER) for name in names}


def imports(path: Path) -> set[str]:
    """The parts of archdsl that a file imports when it runs; imports for type checking alone don't count."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        modules = [node.module] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for module in modules:
            if module == "archdsl" and isinstance(node, ast.ImportFrom):
                found |= {alias.name for alias in node.names}
            elif module and module.startswith("archdsl."):
                found.add(module.split(".")[1])
    return found


def test_the_core_imports_only_downwards() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {used}"
        for path in PACKAGE.rglob("*.py")
        for owner in [path.relative_to(PACKAGE).parts[0].removesuffix(".py")]
        if owner in LEVELS
        for used in imports(path)
        if LEVELS.get(used, 99) > LEVELS[owner] and (owner, used) not in ALLOWED
    ]
    assert wrong == []


ALLOWED = {("compiler", "promises"), ("diagnostic", "render")}
"""Said in the open: a check ends with the promises, and a `CompileError` shows itself as text."""


def test_nothing_but_the_command_line_imports_it() -> None:
    """What is run as a command, `python -m archdsl.run`, is one."""
    users = [path for path in PACKAGE.rglob("*.py") if "cli" in imports(path) and path.name != "__main__.py"]
    assert {path.relative_to(PACKAGE).parts[0] for path in users} == {"cli"}


def test_lark_and_networkx_have_one_importer_each() -> None:
    for library, only in (("lark", "syntax"), ("networkx", "ir")):
        users = {
            path.relative_to(PACKAGE).parts[0]
            for path in PACKAGE.rglob("*.py")
            if f"import {library}" in path.read_text() or f"from {library}" in path.read_text()
        }
        assert users <= {only}
