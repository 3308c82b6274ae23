"""`archdsl draw`: a network as a figure."""

from __future__ import annotations

from collections.abc import Callable

import click

from archdsl.cli.console import EXIT_DIAGNOSTICS, err
from archdsl.cli.options import Asked, SpecCommand, force_option, spec_options, target_argument
from archdsl.cli.output import MARK, write
from archdsl.cli.session import attempted, refusals
from archdsl.draw.colors import MODES
from archdsl.draw.figure import DIRECTIONS, STYLES, Manner, figure, fitting_level
from archdsl.draw.outline import LEVELS, Path, View, find
from archdsl.draw.picture import SUFFIXES, picture
from archdsl.draw.svg import THEMES
from archdsl.ir.graph import Program, Scope
from archdsl.reading import Refusal, refusal
from archdsl.render.terminal import printable


@click.command(cls=SpecCommand)
@target_argument
@click.option(
    "-o", "--output", metavar="FILE", help="Where to write: .svg, .png, .pdf or .dot. Default: NAME.svg here."
)
@click.option("--level", type=click.Choice(LEVELS), help="How much is opened. Default: as much as fits a page.")
@click.option(
    "--fold/--no-fold", default=None, help="Draw equal neighbours once, with x3. Default: but for --level step."
)
@click.option("--focus", metavar="PATH", default="", help="Draw this scope alone: layer3.")
@click.option("--expand", metavar="PATH", multiple=True, help="Open this scope whatever the level: layer3.0.")
@click.option("--direction", type=click.Choice(DIRECTIONS), default="down", show_default=True, help="Of the flow.")
@click.option(
    "--style", type=click.Choice(STYLES), default="boxes", show_default=True, help="volume: maps in proportion."
)
@click.option("--color-by", type=click.Choice(MODES), default="role", show_default=True, help="What colors stand for.")
@click.option("--legend/--no-legend", default=True, show_default=True, help="Say below what the kinds mean.")
@click.option("--theme", type=click.Choice(THEMES), help="Paper. Default: auto in .svg, by the reader's setting.")
@force_option
@spec_options
def command(
    asked: Asked,
    output: str | None,
    level: str | None,
    fold: bool | None,
    focus: str,
    expand: tuple[str, ...],
    direction: str,
    style: str,
    color_by: str,
    legend: bool,
    theme: str | None,
    force: bool,
) -> int:
    """Draw a network as papers do, at any level of detail.

    A spec with errors is drawn as far as it goes, with the failing step marked.
    """
    with refusals(asked.output_format):
        suffix = _known_suffix(output)
    result = attempted(asked)
    if result.partial is None:
        return EXIT_DIAGNOSTICS
    program = result.partial
    with refusals(asked.output_format):
        manner = Manner(direction=direction, color_by=color_by, legend=legend, style=style)
        folded = level != "step" if fold is None else fold
        opened = _scope(program, focus), tuple(_scope(program, path) for path in expand)
        view = View(level or fitting_level(program, View("block", folded, *opened), manner), folded, *opened)
        path = output or f"{program.title}.svg"
        made_by = f"{MARK} {program.source.name}"

        def draw(view: View) -> bytes:
            return picture(figure(program, view, manner, result.diagnostics), suffix, theme, made_by)

        write(path, _folded_until_it_fits(draw, view), force=force)
    err(f"wrote {printable(path)}")
    return 0 if result.program else EXIT_DIAGNOSTICS


def _folded_until_it_fits(draw: Callable[[View], bytes], view: View) -> bytes:
    """The picture; where the engine can't draw so much, one that is folded more, with a note on that."""
    from archdsl.errors.figures import TooLarge

    while True:
        try:
            return draw(view)
        except Refusal as refused:
            less = view.folded_more()
            if less is None or not isinstance(refused.diagnostics[0].error, TooLarge):
                raise
            view = less
            err(f"note: the figure is too large for Graphviz; drawn with --level {view.level} --fold")


def _known_suffix(path: str | None) -> str:
    """The suffix of a picture. Raises `Refusal` where there is no such kind."""
    if path is None:
        return ".svg"
    suffix = "." + path.rpartition(".")[2].lower() if "." in path else ""
    if suffix not in SUFFIXES:
        from archdsl.errors.figures import UnknownPicture

        raise refusal(UnknownPicture(suffix or path), path)
    return suffix


def _scope(program: Program, text: str) -> Path:
    """The path of a scope. Raises `Refusal` where there is none."""
    path = tuple(text.split(".")) if text else ()
    try:
        find(program.graph, path)
    except KeyError as missing:
        from archdsl.errors.figures import NoSuchScope

        within = str(missing.args[0])
        graph, _ = find(program.graph, tuple(within.split(".")) if within else ())
        names = [".".join(node.name) for node in graph.nodes if isinstance(node, Scope) and node.name]
        known = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") if names else "no scopes"
        raise refusal(NoSuchScope(text, within or "the network", known), text) from None
    return path
