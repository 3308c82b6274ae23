"""Which Graphviz: the system's where it is recent, else the one that the wheel of pygraphviz carries."""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path

from archdsl.draw import fonts
from archdsl.draw.engine.run import Bounds, run
from archdsl.record import Record

RECENT = (2, 42)
"""From this version on the system's Graphviz comes first: the oldest that was seen to draw the same. An older one is
taken where there is no other."""

CHOICE = "ARCHDSL_DOT"
"""This variable of the environment names the `dot` to use, whatever its version."""

_ISOLATED = (sys.executable, "-I", "-S", str(Path(__file__).parent / "wheel.py"))
"""Without site packages Python starts in half the time, and nothing that is installed gets in between."""


class Engine(Record):
    """A Graphviz that can be run.

    kind: "system" (its `dot`) or "wheel" (pygraphviz).
    path: the program `dot`, or the library in the wheel.
    version: () where nobody asked yet, or it doesn't say.
    """

    kind: str
    path: str
    version: tuple[int, ...] = ()

    def __str__(self) -> str:
        where = self.path if self.kind == "system" else "in the package pygraphviz"
        return f"Graphviz {'.'.join(map(str, self.version))} ({where})" if self.version else f"Graphviz ({where})"

    def command(self, layout: str, format: str) -> list[str]:
        if self.kind == "system":
            return [self.path, f"-K{layout}", f"-T{format}"]
        return [*_ISOLATED, self.path, layout, format]

    def environment(self, dot: str) -> dict[str, str]:
        """What the process sees: our font, and no other file."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GV", "FONTCONFIG", "LC_"))}
        own = {
            "LC_ALL": "C.UTF-8",
            "SERVER_NAME": "archdsl",  # Graphviz then opens no image or style file that a graph may name
            "PANGOCAIRO_BACKEND": "fc",  # where the system has a font service of its own, it doesn't know our font
        }
        if self.kind == "wheel" and sys.platform == "darwin":
            return kept | own
        # Signs that our font lacks are taken from the system's: looking through those takes longer.
        config = "fonts.conf" if not fonts.missing(dot) else "fonts-and-system.conf"
        return kept | own | {"FONTCONFIG_FILE": str(fonts.FOLDER / config)}


@cache
def find() -> Engine | None:
    """The engine that draws here; None if there is none."""
    if chosen := os.environ.get(CHOICE):
        engine = Engine("system", chosen)
        return asked(engine) or engine  # if it doesn't run, drawing says why
    path = on_path("dot")
    system = asked(Engine("system", path)) if path else None
    if system and system.version >= RECENT:
        return system
    return wheel() or system


def asked(engine: Engine) -> Engine | None:
    """The engine with its version; None where it doesn't run."""
    command = [engine.path, "-V"] if engine.kind == "system" else [*_ISOLATED, engine.path, "-V"]
    outcome = run(command, b"", Bounds(), dict(os.environ))
    found = re.search(rb"version (\d+(?:\.\d+)*)", outcome.said)
    if outcome.status != 0:
        return None
    return Engine(engine.kind, engine.path, tuple(map(int, found[1].split(b"."))) if found else ())


def wheel() -> Engine | None:
    """Graphviz as the package pygraphviz carries it; None if that isn't installed. Nothing is imported."""
    package = PathFinder.find_spec("pygraphviz")
    folders = package.submodule_search_locations if package else None
    library = PathFinder.find_spec("_graphviz", folders) if folders else None
    return Engine("wheel", library.origin) if library and library.origin else None


def on_path(program: str) -> str | None:
    """Where the shell finds it. (`shutil.which` does the same; importing it takes longer than drawing.)"""
    names = [program + end for end in os.environ.get("PATHEXT", "").split(os.pathsep)] if os.name == "nt" else [program]
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        for name in names:
            path = os.path.join(folder, name)
            if folder and os.path.isfile(path) and os.access(path, os.X_OK):
                return path
    return None
