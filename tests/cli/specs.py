"""Programs from text, for tests of what is said about them."""

from __future__ import annotations

from archdsl.budget import Limits
from archdsl.compiler import check
from archdsl.diagnostic import Diagnostic
from archdsl.ir.graph import Program
from archdsl.source import Source


def program(text: str, target: str | None = None, limits: Limits | None = None) -> Program:
    """The program of a spec without mistakes."""
    checked = check(Source("test.arch", text), target, limits=limits)
    assert checked.program is not None, [diagnostic.title for diagnostic in checked.diagnostics]
    return checked.program


def mistakes(text: str, target: str | None = None) -> tuple[Diagnostic, ...]:
    """What is wrong with a spec."""
    return check(Source("test.arch", text), target).diagnostics


def network(*steps: str, shape: str = "[N, 3, 32, 32]") -> str:
    """A network of these lines."""
    return "network net {\n    input x: " + shape + "\n    " + "\n    ".join(steps) + "\n}\n"
