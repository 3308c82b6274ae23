"""Classes for ops that torch.nn has none for: copied, as they stand in `classes/`, into the modules that use them."""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Iterator

from archdsl.emit.names import OWN
from archdsl.emit.survey import Survey
from archdsl.ir.graph import Layer


def own_classes(survey: Survey) -> Iterator[list[str]]:
    """The lines of each such class that a program needs, by name."""
    needed: set[str] = set()
    for graph in survey.graphs:
        for node in graph.nodes:
            if isinstance(node, Layer):
                made = node.op.torch(*(value.shape for value in node.inputs)).module
                needed.update({made.callee} & OWN.keys() if made else ())
    for name in sorted(needed):
        yield class_source(name).splitlines()


def class_source(name: str) -> str:
    """The text of one of `OWN`."""
    data = pkgutil.get_data("archdsl.emit.classes", f"{OWN[name]}.py")
    assert data is not None
    text = data.decode()
    tree = ast.parse(text)
    found = next(item for item in tree.body if isinstance(item, ast.ClassDef) and item.name == name)
    return ast.get_source_segment(text, found) or ""


def seen_as(callee: str) -> str:
    """The class that `isinstance` takes the instances of a class for: torch.nn's own, if it is derived from one."""
    if callee not in OWN:
        return callee
    tree = ast.parse(class_source(callee))
    base = next(ast.unparse(base) for item in tree.body if isinstance(item, ast.ClassDef) for base in item.bases)
    return callee if base == "nn.Module" else base
