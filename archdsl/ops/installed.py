"""Ops of other packages: entry points of the group `archdsl.ops`. One is imported when a spec uses its word.

Built-in ops and the spec's own names come first, so that installing a package never changes what a spec means.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from archdsl.diagnostic import Error
from archdsl.ops.op import Op

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "archdsl.ops"

_found: dict[str, type[Op]] = {}


class Broken(Exception):
    """A package offers the word, but no op that can be used."""

    def __init__(self, error: Error) -> None:
        super().__init__(error)
        self.error = error


def find(word: str) -> type[Op] | None:
    """The op that an installed package offers under a word, None if there is none. Raises `Broken`."""
    if word not in _found:
        packages = installed().get(word)
        if packages is None:
            return None
        if len(packages) > 1:
            from archdsl.errors.packages import OpOfTwoPackages

            raise Broken(OpOfTwoPackages(word, " and ".join(sorted(packages))))
        ((package, entry),) = packages.items()
        _found[word] = _load(entry, package)
    return _found[word]


def installed() -> Mapping[str, Mapping[str, EntryPoint]]:
    """Word -> package -> entry point, of all installed packages. Nothing is imported."""
    from importlib.metadata import entry_points

    found: dict[str, dict[str, EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"
        found.setdefault(entry.name, {}).setdefault(package, entry)
    return dict(sorted(found.items()))


def _load(entry: EntryPoint, package: str) -> type[Op]:
    try:
        value = entry.load()
    except (Exception, SystemExit) as failure:  # whatever another package does
        from archdsl.errors.packages import OpNotImported

        raise Broken(OpNotImported(entry.name, package, entry.value, told(failure))) from failure
    from archdsl.ops.guard import guarded

    op = getattr(value, "archdsl_op", value)
    reason = _no_op(op, value, entry.name)
    if reason:
        from archdsl.errors.packages import NotAnOp

        raise Broken(NotAnOp(entry.name, package, entry.value, reason))
    return guarded(op, entry.name, package)


def _no_op(op: Any, value: object, word: str) -> str:
    """What is wrong with an object that should be an op; "" if nothing."""
    if not isinstance(op, type):
        return f"is {_article(type(cast('object', op)).__name__)}, not a class"
    if not issubclass(op, Op):
        torch = sys.modules.get("torch")
        if torch is not None and issubclass(op, torch.nn.Module):
            return "is an nn.Module without a shape rule: decorate it with `module_op(shape=...)`"
        return "is a class, but neither an op nor an nn.Module with a shape rule"
    if op.name not in ("", word):
        return f"calls itself `{op.name}`"
    made = getattr(op, "_module", None)
    cls = made and made.cls
    if cls is not None and getattr(sys.modules.get(cls.__module__), cls.__name__, None) is not cls:
        return f"makes {cls.__name__}, which can't be imported from {cls.__module__}"
    return ""


def _article(name: str) -> str:
    return f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"


def told(failure: BaseException) -> str:
    """An exception on one line of bounded length."""
    text = " ".join(str(failure).split())[:200]
    name = type(failure).__name__
    return f"{name}: {text}" if text else name
