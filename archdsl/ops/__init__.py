"""The ops, found by name. A family's file loads when one of its ops is first asked for."""

from __future__ import annotations

from importlib import import_module

from archdsl.ops.op import REGISTRY, Op

FAMILIES = {
    "conv": "conv conv_transpose",
    "dense": "linear",
}
"""File -> the ops declared in it; a test keeps this equal to what the files declare."""

FILES = {name: family for family, names in FAMILIES.items() for name in names.split()}


def find(name: str) -> type[Op] | None:
    """The op of that name, None if there is none."""
    family = FILES.get(name)
    if family is not None and name not in REGISTRY:
        import_module(f"archdsl.ops.{family}")
    return REGISTRY.get(name)


def names() -> list[str]:
    """The names of all ops, without loading them."""
    return sorted(FILES)
