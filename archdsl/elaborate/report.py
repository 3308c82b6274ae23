"""Saying what is wrong, from wherever the elaborator is."""

from __future__ import annotations

from archdsl.diagnostic import Diagnostic, Diagnostics, Error, Help, Label
from archdsl.source import Span


class Failed(Exception):
    """What was being made can't be, and the reason was reported. Caught at the nearest step, argument or statement."""


class Frame:
    """A block call that is being elaborated: for the `note` lines of errors inside it."""

    __slots__ = ("block", "call", "caller", "path")

    def __init__(self, block: str, path: tuple[str, ...], call: Span, caller: Frame | None) -> None:
        self.block = block
        self.path = path
        self.call = call
        self.caller = caller

    def notes(self, most: int = 4) -> tuple[str, ...]:
        """The chain of calls, innermost first, the middle of a long one left out."""
        chain: list[Frame] = []
        frame: Frame | None = self
        while frame:
            chain.append(frame)
            frame = frame.caller
        lines = [
            f"in block {f.block}, called as {'.'.join(f.path)} at {f.call.source.name}:{f.call.line}" for f in chain
        ]
        if len(lines) > most:
            lines[most - 1 : -1] = [f"... and {len(lines) - most} calls more ..."]
        return tuple(lines)


class Reporter:
    """Adds diagnostics, with the calls that led here."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.diagnostics = diagnostics
        self.frame: Frame | None = None

    def report(
        self,
        error: Error,
        span: Span,
        *,
        labels: tuple[Label, ...] = (),
        notes: tuple[str, ...] = (),
        helps: tuple[Help, ...] = (),
    ) -> None:
        calls = self.frame.notes() if self.frame else ()
        self.diagnostics.add(Diagnostic(error, span, labels=labels, notes=(*notes, *calls), helps=helps))

    def fail(
        self,
        error: Error,
        span: Span,
        *,
        labels: tuple[Label, ...] = (),
        notes: tuple[str, ...] = (),
        helps: tuple[Help, ...] = (),
    ) -> Failed:
        """Report, and give back what to raise."""
        self.report(error, span, labels=labels, notes=notes, helps=helps)
        return Failed()
