"""Graphviz as the package pygraphviz carries it: `wheel.py LIBRARY LAYOUT FORMAT`, or `wheel.py LIBRARY -V`.

Runs in a process apart, as `dot` would: DOT from standard input, the picture to standard output. Imports nothing but
the library itself; the package around it takes longer to import than most figures to draw.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Any


def load(path: str) -> Any:
    """The library, with those that the wheel puts beside it."""
    beside = os.path.join(os.path.dirname(os.path.dirname(path)), "pygraphviz.libs")
    if sys.platform == "win32" and os.path.isdir(beside):
        os.add_dll_directory(beside)
    spec = spec_from_loader("_graphviz", ExtensionFileLoader("_graphviz", path))
    assert spec is not None and spec.loader is not None
    library = module_from_spec(spec)
    spec.loader.exec_module(library)
    return library


def main(path: str, layout: str, format: str = "") -> int:
    graphviz = load(path)
    if layout == "-V":
        numbers = (getattr(graphviz, f"GRAPHVIZ_{part}_VERSION") for part in ("MAJOR", "MINOR", "PATCH"))
        print("graphviz version", ".".join(map(str, numbers)), file=sys.stderr)
        return 0
    context = graphviz.gvContextWithBuiltins()
    try:
        graph = graphviz.agread(sys.stdin.buffer, None)
    except ValueError:  # Graphviz has said where
        return 1
    if graphviz.gvLayout(context, graph, layout.encode()) != 0:
        return 1
    status = graphviz.gvRender(context, graph, format.encode(), sys.stdout.buffer)
    return 1 if status else 0


if __name__ == "__main__":
    # What is left of the graph goes with the process: taking it apart would cost time.
    try:
        code = main(*sys.argv[1:])
    except Exception as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
