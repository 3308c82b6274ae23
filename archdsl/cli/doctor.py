"""`archdsl doctor`: what is installed, what it can do, and how to mend what is missing."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from archdsl.cli.console import EXIT_DIAGNOSTICS, out
from archdsl.draw.engine import which
from archdsl.draw.engine.examine import Findings, examine
from archdsl.draw.engine.which import Engine
from archdsl.render.terminal import printable
from archdsl.version import VERSION

PACKAGES = {"torch": "building networks", "safetensors": "weight files"}
"""What pip brings together with archdsl, and what it is for; neither is needed to check a spec or to draw it."""

EXTRAS = {"onnx": "onnx", "onnxscript": "onnx"}
"""What comes with an extra, `pip install "archdsl[EXTRA]"`, for those who want it."""

PICTURES = ("svg", "png", "pdf")


@click.command
def command() -> int:
    """Say what archdsl finds here, and how to mend what is missing.

    Exit status 1 if something is.
    """
    lines = [("archdsl", f"{VERSION} ({Path(__file__).parents[1]})")]
    lines.append(("python", f"{platform.python_version()} ({sys.executable})"))
    lines += [(name, version(name) or "not installed") for name in PACKAGES]
    lines += [
        (name, version(name) or f'not installed: pip install "archdsl[{extra}]"') for name, extra in EXTRAS.items()
    ]
    engine = which.find()
    found = examine(engine) if engine else None
    lines += list(_drawing(engine, found))
    width = max(len(name) for name, _ in lines)
    out("\n".join(printable(f"{name:<{width}}  {text}") for name, text in lines))
    if missing := [*_missing_packages(), *_missing_pictures(engine, found)]:
        out("\n" + "\n".join(printable(f"- {line}") for line in missing))
    return EXIT_DIAGNOSTICS if missing else 0


def version(package: str) -> str | None:
    """Of an installed package, without importing it; None if there is none."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed(package)
    except PackageNotFoundError:
        return None


def _drawing(engine: Engine | None, found: Findings | None) -> Iterator[tuple[str, str]]:
    """The engine in use, and those that are not."""
    if engine is None or found is None:
        yield "engine", "none"
        return
    known = engine if engine.version else which.asked(engine) or engine
    yield "engine", str(known)
    yield "formats", ", ".join(("dot", *(format for format in PICTURES if format == "svg" or format in found.formats)))
    if found.formats:
        yield "font", "archdsl's own" if found.own_font else "not archdsl's own in PNG and PDF"
    for other in _others(engine):
        recent = ".".join(map(str, which.RECENT))
        why = f"older than {recent}" if other.version < which.RECENT else f"{which.CHOICE} names another"
        yield "not used", f"{other}: {why if other.kind == 'system' else 'the engine above comes first'}"


def _others(engine: Engine) -> Iterator[Engine]:
    path = which.on_path("dot")
    for other in (which.asked(Engine("system", path)) if path else None, which.wheel()):
        if other is not None and other.path != engine.path:
            yield other


def _missing_packages() -> Iterator[str]:
    for name, purpose in PACKAGES.items():
        if version(name) is None:
            yield f"no {name}, which is for {purpose}: pip install {name}"


def _missing_pictures(engine: Engine | None, found: Findings | None) -> Iterator[str]:
    if engine is None or found is None:
        yield (
            'PNG and PDF need Graphviz: pip install "pygraphviz>=2.0", or install Graphviz '
            f"{'.'.join(map(str, which.RECENT))} or later; .svg and .dot need nothing"
        )
        return
    for format in PICTURES[1:]:
        if format in found.problems:
            yield f"no {format.upper()}: {found.problems[format]}"
    if found.formats and not found.own_font:
        yield "texts in PNG and PDF may run out of their boxes: the engine draws them in another font; .svg is right"
    if engine.version and engine.version < which.RECENT:
        yield f'{engine} is old: pip install "pygraphviz>=2.0" brings a recent one'
