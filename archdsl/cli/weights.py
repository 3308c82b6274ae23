"""`archdsl weights`: does a file fit a network, and what it takes to make it fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from archdsl.cli.console import err, out
from archdsl.cli.options import Asked, SpecCommand, spec_options, target_argument
from archdsl.cli.session import checked, refusals
from archdsl.ir.graph import Program
from archdsl.render.terminal import printable
from archdsl.weights.beside import beside
from archdsl.weights.match import Choice
from archdsl.weights.origin import Origin
from archdsl.weights.report import Misfit, Report


@click.group
def command() -> None:
    """Check weight files against a network, and convert them."""


F = TypeVar("F", bound=Callable[..., Any])

without_option = click.option(
    "--without", multiple=True, metavar="PATH", help="Leave out what is below PATH, in the network and in the file."
)
by_option = click.option(
    "--by", type=click.Choice(("name", "order")), default="name", show_default=True,
    help="How tensors are mapped: by name, after the spec's `rename` rules, or by shape and order.",
)  # fmt: skip
format_option = click.option(
    "--format", "report_format", type=click.Choice(("text", "json")), default="text", show_default=True,
    help="How the report is written.",
)  # fmt: skip


def comparison_options(command: F) -> F:
    """What `_compare` takes besides the spec and the file."""
    for option in (spec_options, format_option, by_option, without_option):
        command = option(command)
    return command


@command.command("check", cls=SpecCommand)
@target_argument
@click.argument("file")
@comparison_options
def check_command(asked: Asked, file: str, **options: Any) -> int:
    """Report what of FILE fits a network. Reads the file's header alone.

    Exit status 1 if a tensor is missing, unused or of another shape.
    """
    _compare(asked, file, **options)
    return 0


@command.command("convert", cls=SpecCommand)
@target_argument
@click.argument("file")
@click.argument("output")
@comparison_options
def convert_command(asked: Asked, file: str, output: str, **options: Any) -> int:
    """Write FILE's tensors to OUTPUT under the network's names, with its spec; report what became of each.

    Nothing is written if a tensor is missing, unused or of another shape.
    """
    program, found = _compare(asked, file, **options)
    from archdsl.weights.write import write_converted

    with refusals(asked.output_format):
        write_converted(found, output, Origin.of_program(program))
    err(f"wrote {printable(output)}")
    return 0


def _compare(asked: Asked, path: str, without: tuple[str, ...], by: str, report_format: str) -> tuple[Program, Report]:
    """Set a file beside a network and print the report. If it doesn't fit, the command ends here."""
    program = checked(asked)
    with refusals(asked.output_format):
        try:
            found = beside(program, path, Choice(without), by=by)
        except Misfit as misfit:
            _show(misfit.report, report_format)
            raise
    _show(found, report_format)
    return program, found


def _show(found: Report, report_format: str) -> None:
    out(json.dumps(found.plain_data(), indent=2) if report_format == "json" else found.text())
