"""Which spec a module or a file comes from: its text, the network or variant of it, the parameters."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from archdsl.ir.keys import Rename
from archdsl.record import Record
from archdsl.source import sha256
from archdsl.weights.header import WeightFile, shortened

if TYPE_CHECKING:
    from torch import nn

    from archdsl.ir.graph import Program

MARK = "__archdsl__"
"""An attribute of modules. No label can take it, copies and pickles keep it."""
PREFIX = "archdsl."
"""Of the keys in a file's metadata."""
LINES = 12
"""How much of two specs' difference is shown."""
MOST = 2_000
"""Lines of a spec that are compared: the time grows with their square."""


class Origin(Record):
    """Where a network comes from.

    target:  the network or variant.
    params:  the network's parameters as bound, written as in a spec.
    spec:    the text of the file; `imports` are those of the files whose blocks it uses, by name.
    renames: its rules for the keys of weight files.
    """

    target: str
    spec: str
    params: Mapping[str, str]
    imports: Mapping[str, str]
    renames: tuple[Rename, ...] = ()

    @property
    def sha256(self) -> str:
        """Of the spec's text, as `sha256sum` gives it for the file."""
        return sha256(self.spec)

    @staticmethod
    def of_program(program: Program) -> Origin:
        from archdsl.elaborate.values import show
        from archdsl.ir.bodies import bodies_first

        sources = {graph.span.source for graph in bodies_first(program.graph)} - {program.source}
        folder = os.path.join(os.path.dirname(program.source.name), "")
        imports = {source.name.removeprefix(folder): source.text for source in sources}
        return Origin(
            target=program.title,
            spec=program.source.text,
            params={name: show(traced.value, room=1000) for name, traced in program.graph.params.items()},
            imports=dict(sorted(imports.items())),
            renames=program.renames,
        )

    @staticmethod
    def of_file(file: WeightFile) -> Origin | None:
        """What the file says; None if it says nothing, or not as `metadata` does."""
        found = {name: file.metadata.get(PREFIX + name) for name in ("target", "spec", "params", "imports")}
        target, spec = found["target"], found["spec"]
        params, imports = _texts(found["params"]), _texts(found["imports"])
        if target is None or spec is None or params is None or imports is None:
            return None
        return Origin(target, spec, params, imports)

    def metadata(self) -> dict[str, str]:
        """What a file carries of it."""
        facts = {
            "target": self.target,
            "spec": self.spec,
            "sha256": self.sha256,
            "params": json.dumps(dict(self.params)),
            "imports": json.dumps(dict(self.imports)),
        }
        return {PREFIX + name: text for name, text in facts.items()}


def mark(module: nn.Module, origin: Origin) -> None:
    """Let a module know where it comes from."""
    setattr(module, MARK, origin)


def origin_of(module: nn.Module) -> Origin | None:
    """Where a module comes from; None if it wasn't loaded from a spec."""
    return vars(module).get(MARK)


def _texts(found: str | None) -> dict[str, str] | None:
    """A JSON object of texts."""
    try:
        made = json.loads(found or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(made, dict):
        return None
    texts = cast("dict[str, object]", made)
    return cast("dict[str, str]", texts) if all(isinstance(text, str) for text in texts.values()) else None


def differences(file: WeightFile, network: Origin | None) -> tuple[str, ...]:
    """In what the spec that a file carries differs from the network's, as lines; none: they agree, or it has none."""
    saved = Origin.of_file(file)
    if saved is None or network is None:
        return ()
    if saved.sha256 != file.metadata.get(f"{PREFIX}sha256"):
        return ("the spec that the file carries was changed: it does not have the hash beside it",)
    return tuple(_differences(saved, network))


def _differences(file: Origin, network: Origin) -> Iterator[str]:
    if file.target != network.target:
        yield f"saved from {shortened(file.target)}, not {network.target}"
    names = [name for name in dict.fromkeys((*file.params, *network.params)) if _differ(name, file, network)]
    for name in names[:LINES]:
        there, here = (origin.params.get(name, "not a parameter") for origin in (file, network))
        yield f"saved with {shortened(name)} = {shortened(there)}, here {shortened(here)}"
    if file.spec != network.spec:
        yield f"saved from another spec (sha256 {file.sha256[:12]}, here {network.sha256[:12]}):"
        yield from _diff(file.spec, network.spec)
    for name in dict.fromkeys((*file.imports, *network.imports)):
        if file.imports.get(name) != network.imports.get(name):
            yield f"saved with another {shortened(name)}:"
            yield from _diff(file.imports.get(name, ""), network.imports.get(name, ""))


def _differ(name: str, file: Origin, network: Origin) -> bool:
    return file.params.get(name) != network.params.get(name)


def _diff(saved: str, here: str) -> Iterator[str]:
    """The lines that differ, `-` as saved and `+` as they are here; a few of them."""
    changed = [
        line
        for line in difflib.unified_diff(saved.splitlines()[:MOST], here.splitlines()[:MOST], n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
    yield from (f"  {shortened(line)}" for line in changed[:LINES])
    if len(changed) > LINES:
        yield f"  ... and {len(changed) - LINES:,} more lines"
