"""Every mistake that archdsl knows, one class each. Families load at their first use: a clean check loads none."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

FAMILIES = (
    "syntax",
    "names",
    "shapes",
    "values",
    "ops",
    "limits",
    "promises",
    "files",
    "weights",
    "networks",
    "packages",
    "figures",
    "devices",
)
"""E01xx, E02xx, ... in this order."""


def __getattr__(name: str) -> ModuleType:
    if name in FAMILIES:
        return import_module(f"archdsl.errors.{name}")
    raise AttributeError(name)
