"""`archdsl why`: where the shape of a step comes from."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from archdsl.cli.console import EXIT_DIAGNOSTICS, EXIT_USAGE, colored, err, out
from archdsl.cli.options import Asked, SpecCommand, spec_options, target_argument
from archdsl.cli.session import figured
from archdsl.render.terminal import paint, printable
from archdsl.source import Span
from archdsl.why import Explanation, Link, NoSuchStep, explain


@click.command(cls=SpecCommand)
@target_argument
@click.argument("path")
@spec_options
def command(asked: Asked, path: str) -> int:
    """Tell where each number in the shape of a step comes from.

    PATH is the step's name as in the state_dict: layer2.0.conv2
    """
    program, kept = figured(asked)
    try:
        explanation = explain(program, path)
    except NoSuchStep as missing:
        from archdsl.errors.suggest import closest

        meant = closest(path, missing.known)
        hint = f"did you mean `{meant}`?" if meant else f"here are: {', '.join(missing.known[:20])}"
        err(printable(f"there is no step `{path}` in {program.title}; {hint}"))
        return EXIT_USAGE
    out("\n".join(_lines(explanation, colored(sys.stdout))))
    return 0 if kept else EXIT_DIAGNOSTICS


def _lines(explanation: Explanation, color: bool) -> Iterator[str]:
    shape = ", ".join(axis.size for axis in explanation.axes)
    yield paint(f"{explanation.path}: [{shape}]", "strong", color) + _place(explanation.span, color)
    for call in explanation.calls:
        yield f"  {_link(call, color)}"
    for axis in explanation.axes:
        free = f" (nominal {axis.nominal})" if axis.size != str(axis.nominal) else ""
        yield ""
        yield paint(f"{axis.name or 'axis'} = {axis.size}{free}", "strong", color)
        for link in axis.links:
            yield f"  {_link(link, color)}"


def _link(link: Link, color: bool) -> str:
    return printable(link.text) + (_place(link.span, color) if link.span else "")


def _place(span: Span, color: bool) -> str:
    """Where it is written, with the text if that is short."""
    line = span.source.position(span.start)[0]
    written = printable(" ".join(span.text.split()))
    shown = f"  {written}" if len(written) <= 60 else f"  {written[:57]}..."
    return paint(f"  {printable(span.source.name)}:{line}", "faint", color) + paint(shown, "faint", color)
