"""The command `archdsl`. Each subcommand is a module of its own, loaded when it is called.

Exit status: 0 fine, 1 diagnostics were reported, 2 wrong usage or an internal error.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from archdsl.cli.console import EXIT_INTERRUPTED, EXIT_USAGE
from archdsl.version import VERSION

COMMANDS = (
    "check",
    "compile",
    "summary",
    "why",
    "fmt",
    "weights",
    "draw",
    "plan",
    "traffic",
    "ops",
    "explain",
    "doctor",
)


class LazyGroup(click.Group):
    """Knows its commands by name; `archdsl check` never pays for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return import_module(f"archdsl.cli.{cmd_name}").command if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and name not in COMMANDS:
            from archdsl.errors.suggest import closest

            meant = closest(name, COMMANDS)
            ctx.fail(f"there is no command {name!r}." + (f" Did you mean {meant!r}?" if meant else ""))
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="archdsl", message="%(prog)s %(version)s")
def cli() -> None:
    """Describe neural networks as their papers do, check them, and compile them to PyTorch.

    TARGET is a file, FILE:NAME for one of its networks or variants, or - for standard input.
    """


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    # A command builds what it needs and ends: looking for garbage in a large graph only takes time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        status = cli.main(args, prog_name="archdsl", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except click.ClickException as problem:
        problem.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except Exception as problem:
        if os.environ.get("ARCHDSL_TRACEBACK") == "1":
            raise
        _apologize(problem)
        return EXIT_USAGE
    finally:
        if collecting:
            gc.enable()


def _apologize(problem: Exception) -> None:
    from archdsl.render.terminal import printable

    what = printable(f"{type(problem).__name__}: {str(problem)[:500]}")
    print(f"archdsl: internal error: {what}", file=sys.stderr)
    print("This is a bug in archdsl. ARCHDSL_TRACEBACK=1 shows where it happened.", file=sys.stderr)
