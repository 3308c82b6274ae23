"""What an emitted module imports: PyTorch's names as everyone writes them, and classes of users' packages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from typing import cast

from archdsl.emit.names import TAKEN, Names
from archdsl.ir.graph import Graph, Layer
from archdsl.ops import form


def foreign(graphs: list[Graph], taken: Set[str]) -> Mapping[str, str]:
    """Names for what ops take from other packages: `mypackage.layers:Swish2` -> `Swish2`."""
    found: set[str] = set()
    for graph in graphs:
        for node in graph.nodes:
            if isinstance(node, Layer) and node.op.package:
                written = node.form
                found.update(callee for callee in callees((written.module, written.function)) if ":" in callee)
    names = Names({*taken, *TAKEN})
    return {callee: names.take(callee.partition(":")[2]) for callee in sorted(found)}


def callees(word: object) -> Iterator[str]:
    """All that a form calls."""
    if isinstance(word, form.Call):
        yield word.callee
        yield from callees((word.args, [value for _, value in word.kwargs]))
    elif isinstance(word, form.Infix):
        yield from callees((word.left, word.right))
    elif isinstance(word, (list, tuple)):
        for part in cast("tuple[object, ...]", word):
            yield from callees(part)


STANDARD = {
    "collections.abc": ("Callable", "Generator"),
    "contextlib": ("AbstractContextManager", "contextmanager", "nullcontext"),
    "typing": ("ClassVar", "NamedTuple"),
}
TORCH = {"torch": ("Tensor", "nn"), "torch.utils.checkpoint": ("checkpoint",)}
"""Where the names come from that a module may use."""


def import_lines(text: str, foreign: Mapping[str, str]) -> Iterator[str]:
    """The imports of a module with that text, in the order that import sorters want."""
    code = re.sub(r'"""(.|\n)*?"""|"[^"\n]*"|#.*', "", text)
    if standard := _from(STANDARD, code):
        yield from (*standard.values(), "")
    if re.search(r"\btorch\.", code):
        yield "import torch"
    lines = _from(TORCH, code) | _from_packages(foreign)
    if re.search(r"\bF\.", code):
        lines["torch.nn"] = "from torch.nn import functional as F"
    yield from (lines[place] for place in sorted(lines))


def _from(places: Mapping[str, tuple[str, ...]], code: str) -> dict[str, str]:
    """An import for each place of which the code uses a name."""
    found: dict[str, str] = {}
    for place, names in places.items():
        if used := [name for name in names if re.search(rf"(?<![.\w]){name}\b", code)]:
            found[place] = f"from {place} import {', '.join(used)}"
    return found


def _from_packages(foreign: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for callee, name in foreign.items():
        module, _, original = callee.partition(":")
        found.setdefault(module, []).append(original if original == name else f"{original} as {name}")
    return {module: f"from {module} import {', '.join(names)}" for module, names in found.items()}
