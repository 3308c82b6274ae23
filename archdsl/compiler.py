"""The compiler, in one page: text -> syntax tree -> checked graph. Pure: files are read by the `importer` alone.

    source  --parse-->  ast.File  --elaborate-->  Program  --emit-->  Python source

Emission is `archdsl.emit.emit(program)`; what a network costs is `archdsl.cost`.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from archdsl.budget import Budget, Limits
from archdsl.collecting import collecting_later
from archdsl.diagnostic import Diagnostic, Diagnostics
from archdsl.elaborate.context import Exhausted, Session
from archdsl.elaborate.files import Importer, SpecFile, read_file
from archdsl.elaborate.networks import build
from archdsl.elaborate.report import Reporter
from archdsl.ir.graph import Program
from archdsl.record import Record
from archdsl.source import Source

__all__ = ["Checked", "Importer", "check", "check_all"]

FRAMES = 12_000
"""Python frames that the deepest spec within the default limits may need, with room to spare."""


class Checked(Record):
    """What came of a check.

    program:  None where there were errors.
    whole:    the same, also where nothing but its promises was broken: what figures are told of.
    partial:  the same, also with errors, as far as it went: failed steps are `Unknown` nodes.
    left_out: messages beyond the limit.
    """

    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    whole: Program | None = None
    partial: Program | None = None
    left_out: int = 0


def check(
    source: Source,
    target: str | None = None,
    settings: Mapping[str, object] | None = None,
    *,
    limits: Limits | None = None,
    importer: Importer | None = None,
) -> Checked:
    """Check one network.

    target:   a variant or network of the file; None: the file's network with its defaults; of several
              the one that is called as the file is.
    settings: parameters set from outside, as Python scalars and lists or as `ast.Expr`; with any, `expect` is skipped.
    """
    budget = Budget(limits)
    diagnostics = Diagnostics(budget.limits.diagnostics)
    with _large_graphs():
        file = read_file(source, budget, diagnostics, importer)
        return _check(file, target, settings or {}, budget, diagnostics)


def check_all(
    source: Source, *, limits: Limits | None = None, importer: Importer | None = None
) -> list[tuple[str, Checked]]:
    """Check the networks of a file with their defaults, and all its variants; syntax errors stand with the first.

    A network with a parameter that has no default is only checked through its variants. A file that has blocks but no
    network, to be imported, is in order and has no results.
    """
    budget = Budget(limits)
    diagnostics = Diagnostics(budget.limits.diagnostics)
    with _large_graphs():
        file = read_file(source, budget, diagnostics, importer)
        complete = [name for name, network in file.networks.items() if all(param.default for param in network.params)]
        targets: list[str | None] = [*complete, *file.variants] or [None]
        if diagnostics.failed:
            targets = targets[:1]
        elif not file.networks and not file.variants and file.names():
            return []
        results: list[tuple[str, Checked]] = []
        for name in targets:
            checked = _check(file, name, {}, Budget(limits), diagnostics)
            results.append((name or source.name, checked))
            diagnostics = Diagnostics(budget.limits.diagnostics)
        return results


def _check(
    file: SpecFile, target: str | None, settings: Mapping[str, object], budget: Budget, diagnostics: Diagnostics
) -> Checked:
    session = Session(budget, Reporter(diagnostics))
    try:
        program = build(file, target, settings, session)
    except Exhausted:
        program = None
    whole = None if diagnostics.failed else program
    if whole is not None and whole.promises:
        from archdsl.promises import check_promises

        for broken in check_promises(whole):
            diagnostics.add(broken)
    kept = None if diagnostics.failed else program
    return Checked(kept, tuple(diagnostics), whole=whole, partial=program, left_out=diagnostics.left_out)


@contextmanager
def _large_graphs() -> Generator[None]:
    """Python, set up for deep and large graphs.

    The elaborator recurses as deep as the spec nests, which the budget bounds; Python's own limit is lower.
    """
    frames = sys.getrecursionlimit()
    sys.setrecursionlimit(max(frames, FRAMES))
    try:
        with collecting_later():
            yield
    finally:
        sys.setrecursionlimit(frames)
