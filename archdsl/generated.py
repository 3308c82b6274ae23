"""Running a generated module's source: where it lies, how its tracebacks show it, how its objects pickle.

The module stands in `sys.modules` under a name made from its content, and its lines in `linecache`, for who asks for
its source. A traceback through it shows the spec's lines (`placed.py`). A pickle carries the source along, so that
another process needs the spec no more than this one.
"""

from __future__ import annotations

import copyreg
import hashlib
import linecache
import re
import sys
from collections.abc import Mapping
from types import ModuleType

from torch import nn

from archdsl.placed import placed
from archdsl.source import Source

State = dict[str, object]

GENERATED = "archdsl_generated_"
"""How the names of generated modules begin."""


def run(source: str, title: str, specs: Mapping[str, Source] | None = None) -> ModuleType:
    """The module of that source, run at most once. `specs` are those that its comments speak of, by file name."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    name = f"{GENERATED}{re.sub('[^A-Za-z0-9_]', '_', title)}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    file = f"<archdsl {title} {digest}>"
    module = ModuleType(name)
    module.__file__ = file
    # No modification time: `linecache.checkcache` leaves such lines alone.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    sys.modules[name] = module
    try:
        for code in placed(source, file, specs or {}):
            exec(code, module.__dict__)  # our own output: nothing of the user's is pasted into it
    except BaseException:
        del sys.modules[name]
        raise
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == name:
            reducer = _Reducer if issubclass(value, nn.Module) else _TupleReducer
            copyreg.pickle(value, reducer(source, title))  # type: ignore[arg-type]
    return module


class _Reducer:
    """What `pickle` and `copy` ask how to make an object of a generated class anew."""

    def __init__(self, source: str, title: str) -> None:
        self.source = source
        self.title = title

    def __call__(self, made: nn.Module) -> tuple[object, tuple[str, str, str], State]:
        return _blank, (self.source, self.title, type(made).__name__), vars(made)


class _TupleReducer(_Reducer):
    """The same for what a network of several outputs gives back."""

    def __call__(self, made: tuple[object, ...]) -> tuple[object, tuple[object, ...]]:  # type: ignore[override]
        return _filled, (self.source, self.title, type(made).__name__, tuple(made))


def _filled(source: str, title: str, name: str, values: tuple[object, ...]) -> object:
    """A named tuple of a generated class."""
    return getattr(run(source, title), name)(*values)


def _blank(source: str, title: str, name: str) -> nn.Module:
    """An object of a generated class, to be filled with its state."""
    cls = getattr(run(source, title), name)
    return cls.__new__(cls)
