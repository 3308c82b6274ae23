"""What Python callers get when a weight file can't be taken."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from archdsl.diagnostic import Diagnostic
from archdsl.reading import Refusal
from archdsl.weights.report import Misfit, Report


class WeightsError(Exception):
    """A weight file can't be taken, or not be written. Nothing was loaded, and no file was changed.

    diagnostics: what is wrong.
    report:      what fits and what doesn't; None if the file could not be read.
    """

    def __init__(self, diagnostics: tuple[Diagnostic, ...], report: Report | None = None) -> None:
        self.diagnostics = diagnostics
        self.report = report
        super().__init__(diagnostics, report)

    def __str__(self) -> str:
        from archdsl.render import render_text

        message = "\n" + render_text(self.diagnostics, color=False)
        return message if self.report is None else f"{message}\n\n{self.report.text()}"


@contextmanager
def weights_errors() -> Generator[None]:
    """A refusal within becomes a `WeightsError`."""
    try:
        yield
    except Refusal as refused:
        report = refused.report if isinstance(refused, Misfit) else None
        raise WeightsError(refused.diagnostics, report) from None
