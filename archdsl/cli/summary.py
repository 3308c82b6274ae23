"""`archdsl summary`: the network as a table."""

from __future__ import annotations

import sys

import click

from archdsl.cli.console import EXIT_DIAGNOSTICS, colored, columns, out
from archdsl.cli.options import Asked, SpecCommand, spec_options, target_argument
from archdsl.cli.session import figured
from archdsl.render.table import FORMATS, text_table
from archdsl.summary import summarize

depth_option = click.option(
    "--depth", type=click.IntRange(min=1), default=2, show_default=True, help="How many levels of scopes to open."
)


@click.command(cls=SpecCommand)
@target_argument
@depth_option
@click.option(
    "--format", "table_format", type=click.Choice(("text", *FORMATS)), default="text", show_default=True,
    help="How the table is written.",
)  # fmt: skip
@click.option("--json", "table_format", flag_value="json", help="The same as --format json.")
@spec_options
def command(asked: Asked, depth: int, table_format: str) -> int:
    """Print a network as a table of steps, shapes and costs.

    Costs are parameters, MACs and the memory of activations. Figures are at the nominal sizes and N = 1. Equal
    neighbours are one row with x2, x3, ... A network that breaks a promise of its own (`expect`) is printed as
    well, to see by what.
    """
    program, kept = figured(asked)
    summary = summarize(program, depth)
    if table_format == "text":
        out(text_table(summary, colored(sys.stdout), columns(sys.stdout)))
    else:
        out(FORMATS[table_format](summary))
    return 0 if kept else EXIT_DIAGNOSTICS
