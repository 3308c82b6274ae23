"""From a command's options to a checked program, with everything said on the way."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager

import click

from archdsl.budget import Budget, Limits
from archdsl.cli.console import EXIT_DIAGNOSTICS, colored, columns, err, out
from archdsl.cli.options import Asked
from archdsl.cli.target import split_target
from archdsl.compiler import Checked, check
from archdsl.diagnostic import Diagnostic, Diagnostics
from archdsl.ir.graph import Program
from archdsl.reading import Refusal, importer, read, refusal
from archdsl.render import render
from archdsl.syntax import ast


def checked(asked: Asked) -> Program:
    """The program behind a target. Messages are written; with errors the command ends here."""
    program = attempted(asked).program
    if program is None:
        raise click.exceptions.Exit(EXIT_DIAGNOSTICS)
    return program


def figured(asked: Asked) -> tuple[Program, bool]:
    """The same for commands that tell a network's figures: one that doesn't keep its promises is told of as well.

    The boolean says whether it keeps them.
    """
    result = attempted(asked)
    if result.whole is None:
        raise click.exceptions.Exit(EXIT_DIAGNOSTICS)
    return result.whole, result.program is not None


def attempted(asked: Asked) -> Checked:
    """What came of the check of a target. Messages are written, errors too."""
    limits = asked.limits
    with refusals(asked.output_format):
        path, name = split_target(asked.target)
        values = parse_settings(asked.settings, limits)
        source = read(path, limits)
        result = check(source, name, values, limits=limits, importer=importer(source, limits))
    report(result.diagnostics, asked.output_format, left_out=result.left_out)
    return result


@contextmanager
def refusals(output_format: str, *, results: bool = False) -> Generator[None]:
    """Where a file can't be read or written: say so and end the command."""
    try:
        yield
    except Refusal as refused:
        report(refused.diagnostics, output_format, results=results)
        raise click.exceptions.Exit(EXIT_DIAGNOSTICS) from None


def parse_settings(settings: Iterable[str], limits: Limits) -> Mapping[str, ast.Expr]:
    """`--set name=value`, the value as the language's expression."""
    values: dict[str, ast.Expr] = {}
    for setting in settings:
        from archdsl.errors.files import BadSetting
        from archdsl.syntax.parse import expression

        name, equals, text = setting.partition("=")
        if not equals or not name.strip().isidentifier() or not text.strip():
            raise refusal(BadSetting(setting), "--set")
        found = Diagnostics()
        values[name.strip()] = expression(text, Budget(limits), found, f"--set {name.strip()}")
        if found.failed:
            raise Refusal(*found)
    return values


def report(diagnostics: Iterable[Diagnostic], output_format: str, *, left_out: int = 0, results: bool = False) -> None:
    """Write diagnostics as messages. `results`: they are what the command is for, so machines read standard output."""
    found = tuple(diagnostics)
    for_machines = output_format not in ("full", "concise")
    stream = sys.stdout if results and for_machines else sys.stderr
    write = out if stream is sys.stdout else err
    if found or (results and for_machines):
        write(render(found, output_format, color=colored(stream), width=columns(stream)))
    if found and not for_machines:
        err(("\n" if output_format == "full" else "") + count(found, left_out))


def count(found: tuple[Diagnostic, ...], left_out: int) -> str:
    """`2 errors, 1 warning`."""
    parts: list[str] = []
    for severity in ("error", "warning"):
        if number := sum(diagnostic.severity == severity for diagnostic in found):
            parts.append(f"{number} {severity}{'s' if number > 1 else ''}")
    if left_out:
        parts.append(f"{left_out} more not shown")
    return ", ".join(parts)
