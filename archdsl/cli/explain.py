"""`archdsl explain`: the long form of an error."""

from __future__ import annotations

import click

from archdsl.cli.console import EXIT_USAGE, err, out
from archdsl.reference import all_errors, error_text, headline
from archdsl.render.terminal import printable


@click.command
@click.argument("code", required=False)
def command(code: str | None) -> int:
    """Explain an error by its code; without one, list them all."""
    errors = {error.code: error for error in all_errors()}
    if code is None:
        out("\n".join(f"{known}  {headline(error)}" for known, error in errors.items()))
        return 0
    error = errors.get(code.upper()) or errors.get(f"E{code.zfill(4)}")  # 301 is enough
    if error is None:
        from archdsl.errors.suggest import closest

        meant = closest(code, errors)
        err(f"there is no error `{printable(code)}`" + (f": did you mean {meant}?" if meant else ""))
        return EXIT_USAGE
    out(error_text(error))
    return 0
