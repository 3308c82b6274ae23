"""`archdsl compile`: a spec becomes a Python module."""

from __future__ import annotations

import sys

import click

from archdsl.cli.console import EXIT_DIAGNOSTICS, colored, columns, err, out
from archdsl.cli.forms import file_content, known_suffix
from archdsl.cli.options import Asked, SpecCommand, force_option, spec_options, target_argument
from archdsl.cli.output import write
from archdsl.cli.session import checked, refusals
from archdsl.cli.summary import depth_option
from archdsl.formats import as_text
from archdsl.ir.graph import Program
from archdsl.reading import STDIN
from archdsl.render.table import text_table
from archdsl.render.terminal import printable
from archdsl.summary import summarize


@click.command(cls=SpecCommand)
@target_argument
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to write: .py, .json, .onnx, .onnxtxt or .pt2; - prints .py. Default: NAME.py in this folder.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of the random weights in .onnx and .pt2 (loads torch)."
)
@force_option
@click.option("--verify", is_flag=True, help="Build the module and compare it with the spec (loads torch).")
@depth_option
@spec_options
def command(
    asked: Asked,
    output: str | None,
    seed: int,
    force: bool,
    verify: bool,
    depth: int,
) -> int:
    """Compile a network to PyTorch, or write it for other tools.

    The module reads as if written by hand. Prints the network's table as well: to standard output, or to standard
    error with -o -.
    """
    to_stdout = output == STDIN
    with refusals(asked.output_format):
        suffix = ".py" if output is None or to_stdout else known_suffix(output)
    program = checked(asked)
    path = output or f"{program.title}.py"
    with refusals(asked.output_format):
        if to_stdout:
            out(as_text(program, suffix))
        else:
            write(path, file_content(program, path, suffix, seed), force=force)

    stream, say = (sys.stderr, err) if to_stdout else (sys.stdout, out)
    say(text_table(summarize(program, depth), colored(stream), columns(stream)))
    if not to_stdout:
        err(f"wrote {printable(path)}")
    return _verify(program) if verify else 0


def _verify(program: Program) -> int:
    from archdsl.api import TooLarge
    from archdsl.verify import verify

    try:
        problems = verify(program)
    except TooLarge as problem:
        problems = [str(problem)]
    for problem in problems:
        err(printable(f"verify: {problem}"))
    if not problems:
        err("verified: shapes, parameters and keys are those of the spec")
    return EXIT_DIAGNOSTICS if problems else 0
