"""`archdsl ops`: the reference of the ops and connectors."""

from __future__ import annotations

import click

from archdsl import connectors, ops
from archdsl.cli.console import EXIT_USAGE, err, out
from archdsl.reference import all_words, headline, name_of, word_text
from archdsl.render.terminal import printable


@click.command
@click.argument("name", required=False)
def command(name: str | None) -> int:
    """List the ops and connectors, or print the page of one."""
    if name is None:
        width = max(len(name_of(word)) for word in all_words())
        out("\n".join(f"{name_of(word):<{width}}  {headline(word)}" for word in all_words()))
        return 0
    word = ops.find(name) or connectors.find(name)
    if word is None:
        from archdsl.errors.suggest import closest

        meant = closest(name, (*ops.names(), *connectors.names()))
        err(f"there is no op or connector `{printable(name)}`" + (f": did you mean `{meant}`?" if meant else ""))
        return EXIT_USAGE
    out(word_text(word))
    return 0
