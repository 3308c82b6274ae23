"""`docs/parity.json`, which the gallery shows: a row for each form of every spec, filled by `make parity`.

In a row, true is equal, false is not, null was not compared. `onnx` is how far onnxruntime's outputs are
from the module's, in parts of the largest output.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from tests.specs.read import SPECS

FILE = SPECS.parent / "docs" / "parity.json"

COLUMNS = ("against", "keys", "seed", "outputs", "loss", "gradients", "statistics", "onnx", "pt2")

Cell: TypeAlias = "str | bool | None"


class Form(NamedTuple):
    """A variant of a spec, or a network that has none."""

    name: str
    path: Path


def forms(wanted: Sequence[str] = ()) -> list[Form]:
    """Of all specs, in the order of their files; those of these names or patterns (`resnet*`), if any are given."""
    found = [Form(name, path) for path in sorted(SPECS.glob("*.arch")) for name in _names(path.read_text())]
    return [form for form in found if is_wanted(form.name, wanted)]


def _names(text: str) -> Iterator[str]:
    variants: list[tuple[str, str]] = re.findall(r"^variant (\w+) = (\w+)\(", text, re.MULTILINE)
    made_from = {base for _, base in variants}
    yield from (name for name in re.findall(r"^network (\w+)\(", text, re.MULTILINE) if name not in made_from)
    yield from (name for name, _ in variants)


def is_wanted(name: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(fnmatch(name, pattern) for pattern in wanted)


def results() -> list[dict[str, Any]]:
    return json.loads(FILE.read_text()) if FILE.exists() else []


def record(network: str, cells: Mapping[str, Cell]) -> None:
    """Fill these columns of a network's row, and leave the others as they are. Rows of no form go."""
    known = {row["network"]: row for row in results()}
    known[network] = {**known.get(network, {}), **cells}
    empty = dict.fromkeys(COLUMNS)
    rows = [{"network": form.name, **empty, **known.get(form.name, {})} for form in forms()]
    FILE.write_text("[\n" + ",\n".join(f"  {json.dumps(row)}" for row in rows) + "\n]\n")
