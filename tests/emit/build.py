"""From a spec's text to what the tests look at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from archdsl.compiler import check
from archdsl.emit import emit
from archdsl.ir.graph import Program
from archdsl.source import Source


def program(text: str, target: str | None = None, name: str = "net.arch") -> Program:
    """A spec that is known to be right."""
    checked = check(Source(name, text), target)
    assert checked.program is not None, [diagnostic.title for diagnostic in checked.diagnostics]
    return checked.program


def code(text: str, target: str | None = None) -> str:
    return emit(program(text, target))


def network(body: str) -> str:
    """A network of 8 maps of 6x6, around some lines."""
    return f"network net {{\n    input image: [N, 8, 6, 6]\n{body}\n}}\n"


def ruff(folder: Path, *args: str) -> str:
    """What ruff says about a folder; nothing if it has nothing to say."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *args, "--isolated", "--quiet", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr
