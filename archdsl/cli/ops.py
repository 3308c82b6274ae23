"""`archdsl ops`: the reference of the ops."""

from __future__ import annotations

import click

from archdsl.cli.console import EXIT_USAGE, err, out
from archdsl.ops import find, names
from archdsl.reference import all_ops, headline, op_text
from archdsl.render.terminal import printable


@click.command
@click.argument("name", required=False)
def command(name: str | None) -> int:
    """List the ops, or print the page of one."""
    if name is None:
        width = max(map(len, names()))
        out("\n".join(f"{op.name:<{width}}  {headline(op)}" for op in all_ops()))
        return 0
    op = find(name)
    if op is None:
        from archdsl.errors.suggest import closest

        meant = closest(name, names())
        err(f"there is no op `{printable(name)}`" + (f": did you mean `{meant}`?" if meant else ""))
        return EXIT_USAGE
    out(op_text(op))
    return 0
