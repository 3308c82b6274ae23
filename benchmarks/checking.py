"""What `compiler.check` does behind the parser, as an action to be timed."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.budget import Budget, Limits
from archdsl.collecting import collecting_later
from archdsl.diagnostic import Diagnostics
from archdsl.elaborate.context import Session
from archdsl.elaborate.files import read_file
from archdsl.elaborate.networks import build
from archdsl.elaborate.report import Reporter
from archdsl.promises import check_promises
from archdsl.reading import importer, read
from benchmarks.measure import SPECS


def elaboration(name: str, variant: str) -> Callable[[], None]:
    """Elaborating and checking a variant of a spec that is parsed."""
    source = read(str(SPECS / name), Limits())
    file = read_file(source, Budget(), Diagnostics(), importer(source, Limits()))

    def action() -> None:
        diagnostics = Diagnostics()
        with collecting_later():
            program = build(file, variant, {}, Session(Budget(), Reporter(diagnostics)))
            assert program is not None
            assert not diagnostics.failed
            assert not list(check_promises(program))

    return action
