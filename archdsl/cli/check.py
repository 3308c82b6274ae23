"""`archdsl check`: parse, elaborate, prove; write nothing."""

from __future__ import annotations

from typing import Any

import click

from archdsl.cli.console import EXIT_DIAGNOSTICS, out
from archdsl.cli.options import SpecCommand, limit_options, output_format_option, set_option, take_limits
from archdsl.cli.session import parse_settings, report
from archdsl.cli.target import split_target
from archdsl.compiler import check, check_all
from archdsl.diagnostic import Diagnostic
from archdsl.reading import Refusal, importer, read
from archdsl.render.terminal import printable


@click.command(cls=SpecCommand)
@click.argument("targets", nargs=-1, required=True)
@set_option
@output_format_option
@limit_options
def command(targets: tuple[str, ...], settings: tuple[str, ...], output_format: str, **options: Any) -> int:
    """Check specs and report every mistake.

    A file without a name behind it is checked with all its networks and variants. The formats json, github and sarif
    go to standard output, the others to standard error.
    """
    limits = take_limits(options)
    found: list[Diagnostic] = []
    fine: list[str] = []
    left_out = 0
    for target in targets:
        try:
            path, name = split_target(target)
            values = parse_settings(settings, limits)
            source = read(path, limits)
            imports = importer(source, limits)
            if name is None and not values:
                results = [one for _, one in check_all(source, limits=limits, importer=imports)]
            else:
                results = [check(source, name, values, limits=limits, importer=imports)]
        except Refusal as refused:
            found += refused.diagnostics
            continue
        found += [diagnostic for one in results for diagnostic in one.diagnostics]
        left_out += sum(one.left_out for one in results)
        if all(one.program for one in results):
            fine.append(f"{printable(target)} is fine{_how_many(len(results))}")

    report(distinct(found), output_format, left_out=left_out, results=True)
    if output_format in ("full", "concise"):
        out("\n".join(fine))
    return EXIT_DIAGNOSTICS if any(one.severity == "error" for one in found) else 0


def _how_many(networks: int) -> str:
    if networks == 0:
        return " (no network: blocks are checked where a network uses them)"
    return f" ({networks} networks)" if networks > 1 else ""


def distinct(found: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each mistake once, though every variant of a file meets it."""
    return tuple({(one.code, one.span): one for one in reversed(found)}.values())[::-1]
