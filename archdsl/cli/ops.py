"""`archdsl ops`: the reference of the ops and connectors."""

from __future__ import annotations

from collections.abc import Iterator

import click

from archdsl import connectors, ops
from archdsl.cli.console import EXIT_USAGE, err, out
from archdsl.connectors.connector import Connector
from archdsl.ops import installed
from archdsl.ops.op import Op
from archdsl.reference import all_words, headline, name_of, word_text
from archdsl.render.terminal import printable


@click.command
@click.argument("name", required=False)
def command(name: str | None) -> int:
    """List the ops and connectors, or print the page of one."""
    if name is None:
        width = max(len(name_of(word)) for word in all_words())
        out("\n".join(f"{name_of(word):<{width}}  {headline(word)}" for word in all_words()))
        if others := list(_of_packages()):
            out("\n".join(["", "Of installed packages:", *others]))
        return 0
    try:
        word = _built_in(name) or installed.find(name)
    except installed.Broken as broken:
        error = broken.error
        err(printable(f"error[{error.code}]: {error.said(error.title)}: {error.said(error.label)}"))
        return EXIT_USAGE
    if word is None:
        from archdsl.errors.suggest import closest

        meant = closest(name, (*ops.names(), *connectors.names(), *installed.installed()))
        err(f"there is no op or connector `{printable(name)}`" + (f": did you mean `{meant}`?" if meant else ""))
        return EXIT_USAGE
    out(word_text(word))
    return 0


def _built_in(name: str) -> type[Op] | type[Connector] | None:
    return ops.find(name) or (connectors.find(name) if connectors.is_connector(name) else None)


def _of_packages() -> Iterator[str]:
    """The ops that installed packages offer, without importing them."""
    found = installed.installed()
    width = max(map(len, found), default=0)
    for word, packages in found.items():
        for package, entry in packages.items():
            yield printable(f"{word:<{width}}  {package} ({entry.value})")
