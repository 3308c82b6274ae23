"""What Python callers get when a network can't be run on the devices that they name."""

from __future__ import annotations

from archdsl.diagnostic import Diagnostic, Error
from archdsl.ir.graph import Program


class DevicesError(Exception):
    """A network can't be run on these devices. `diagnostics`: why, at its place in the spec."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        super().__init__(diagnostics)

    def __str__(self) -> str:
        from archdsl.render import render_text

        return "\n" + render_text(self.diagnostics, color=False)


def refused(error: Error, program: Program) -> DevicesError:
    """About the network as such: its name is marked."""
    return DevicesError((Diagnostic(error, program.graph.span),))
