"""`archdsl weights`: does a file fit a network, and what it takes to make it fit."""

from __future__ import annotations

import json
from typing import Any

import click

from archdsl.cli.console import EXIT_DIAGNOSTICS, err, out
from archdsl.cli.options import (
    SpecCommand,
    limit_options,
    output_format_option,
    set_option,
    take_limits,
    target_argument,
)
from archdsl.cli.session import checked, refusals, report
from archdsl.ir.graph import Program
from archdsl.render.terminal import printable
from archdsl.weights.header import read_header
from archdsl.weights.match import Choice, match, renamed, wanted
from archdsl.weights.order import ordered
from archdsl.weights.origin import Origin
from archdsl.weights.report import Misfit, Report


@click.group
def command() -> None:
    """Check weight files (safetensors) against a network, and convert them to fit."""


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


@command.command("check", cls=SpecCommand)
@target_argument
@click.argument("file")
@without_option
@by_option
@set_option
@format_option
@output_format_option
@limit_options
def check_command(
    target: str,
    file: str,
    without: tuple[str, ...],
    by: str,
    settings: tuple[str, ...],
    report_format: str,
    output_format: str,
    **options: Any,
) -> int:
    """Report what of FILE fits a network. Reads the file's header alone.

    Exit status 1 if a tensor is missing, unused or of another shape.
    """
    program = checked(target, settings, take_limits(options), output_format)
    with refusals(output_format):
        found, misfit = _compared(program, file, Choice(without), by)
    _show(found, report_format)
    return 0 if misfit is None else _refuse(misfit, output_format)


@command.command("convert", cls=SpecCommand)
@target_argument
@click.argument("file")
@click.argument("output")
@without_option
@by_option
@set_option
@format_option
@output_format_option
@limit_options
def convert_command(
    target: str,
    file: str,
    output: str,
    without: tuple[str, ...],
    by: str,
    settings: tuple[str, ...],
    report_format: str,
    output_format: str,
    **options: Any,
) -> int:
    """Write FILE's tensors to OUTPUT under the network's names, with its spec; report what became of each.

    Nothing is written if a tensor is missing, unused or of another shape.
    """
    program = checked(target, settings, take_limits(options), output_format)
    with refusals(output_format):
        found, misfit = _compared(program, file, Choice(without), by)
    _show(found, report_format)
    if misfit is not None:
        return _refuse(misfit, output_format)
    from archdsl.weights.write import write_converted

    with refusals(output_format):
        write_converted(found, output, Origin.of_program(program))
    err(f"wrote {printable(output)}")
    return 0


def _compared(program: Program, path: str, choice: Choice, by: str) -> tuple[Report, Misfit | None]:
    """The report, and why it isn't good enough. Raises `Refusal`."""
    file = read_header(path)
    network = wanted(program)
    names = renamed(file, network, program.renames)
    if by == "order":
        names = ordered(file, network, names, choice.without)
    try:
        return match(file, network, names, choice, program.title, Origin.of_program(program)), None
    except Misfit as misfit:
        return misfit.report, misfit


def _show(found: Report, report_format: str) -> None:
    out(json.dumps(found.plain_data(), indent=2) if report_format == "json" else found.text())


def _refuse(misfit: Misfit, output_format: str) -> int:
    report(misfit.diagnostics, output_format)
    return EXIT_DIAGNOSTICS
