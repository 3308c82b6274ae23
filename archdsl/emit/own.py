"""Classes and functions of the package's own: copied, as they stand in `classes/`, into the modules that use them."""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Iterator

from archdsl.emit.imports import callees
from archdsl.emit.names import FUNCTIONS, OWN
from archdsl.emit.survey import Survey
from archdsl.ir.graph import Layer


def own_classes(survey: Survey) -> Iterator[list[str]]:
    """The lines of each such class that a program needs, by name."""
    needed: set[str] = set()
    for graph in survey.graphs:
        for node in graph.nodes:
            if isinstance(node, Layer):
                needed.update(OWN.keys() & callees(node.form.module))
    for name in sorted(needed):
        yield class_source(name).splitlines()


def own_functions(text: str) -> Iterator[list[str]]:
    """The lines of each function that a module's text needs."""
    if "recomputed(" in text:
        yield from (_source("checkpoint", name).splitlines() for name in FUNCTIONS)


def class_source(name: str) -> str:
    """The text of one of `OWN`."""
    return _source(OWN[name], name)


def _source(file: str, name: str) -> str:
    data = pkgutil.get_data("archdsl.emit.classes", f"{file}.py")
    assert data is not None
    text = data.decode()
    for item in ast.parse(text).body:
        if isinstance(item, ast.ClassDef | ast.FunctionDef) and item.name == name:
            first = min([item.lineno, *(decorator.lineno for decorator in item.decorator_list)])
            return "\n".join(text.splitlines()[first - 1 : item.end_lineno])
    raise LookupError(name)


def seen_as(callee: str) -> str:
    """The class that `isinstance` takes the instances of a class for: torch.nn's own, if it is derived from one."""
    if callee not in OWN:
        return callee
    tree = ast.parse(class_source(callee))
    base = next(ast.unparse(base) for item in tree.body if isinstance(item, ast.ClassDef) for base in item.bases)
    return callee if base == "nn.Module" else base
