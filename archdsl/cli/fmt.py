"""`archdsl fmt`: the one way to write a spec."""

from __future__ import annotations

from typing import Any

import click

from archdsl.budget import Budget, Limits
from archdsl.cli.console import EXIT_DIAGNOSTICS, err, out
from archdsl.cli.options import SpecCommand, limit_options, output_format_option, take_limits
from archdsl.cli.output import write
from archdsl.cli.session import report
from archdsl.diagnostic import Diagnostic, Diagnostics
from archdsl.reading import STDIN, Refusal, read
from archdsl.render.terminal import printable
from archdsl.source import Source
from archdsl.syntax.format import format_text


@click.command(cls=SpecCommand)
@click.argument("files", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change, and exit with 1 if anything would.")
@output_format_option
@limit_options
def command(files: tuple[str, ...], check: bool, diff: bool, output_format: str, **options: Any) -> int:
    """Format specs in place.

    - formats standard input to standard output. Comments and meaning are kept. A file with a syntax error is left
    as it is.
    """
    limits = take_limits(options)
    found: list[Diagnostic] = []
    changed = 0
    for path in files:
        try:
            source = read(path, limits)
            text = _formatted(source, limits)
            changed += text != source.text
            if diff:
                out(_diff(source, text))
            elif check:
                if text != source.text:
                    err(f"would reformat {printable(source.name)}")
            elif path == STDIN:
                out(text)
            elif text != source.text:
                write(path, text.encode("utf-8", "surrogateescape"), force=True)
                err(f"reformatted {printable(path)}")
        except Refusal as refused:
            found += refused.diagnostics
    report(found, output_format)
    return EXIT_DIAGNOSTICS if found or (changed and (check or diff)) else 0


def _formatted(source: Source, limits: Limits) -> str:
    diagnostics = Diagnostics(limits.diagnostics)
    text = format_text(source, Budget(limits), diagnostics)
    if text is None:
        raise Refusal(*diagnostics)
    return text


def _diff(source: Source, text: str) -> str:
    from difflib import unified_diff

    name = printable(source.name)
    before, after = (_lines(version) for version in (source.text, text))
    return "".join(unified_diff(before, after, name, f"{name} (formatted)"))


def _lines(text: str) -> list[str]:
    """Lines as a terminal may show them, each with a line break."""
    return [f"{printable(line)}\n" for line in text.removesuffix("\n").split("\n")]
