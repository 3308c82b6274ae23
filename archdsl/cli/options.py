"""What several commands take: a network, which is a target, `--set` and the limits; and `--output-format`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from archdsl.budget import Limits
from archdsl.reading import STDIN_NAME
from archdsl.record import Record
from archdsl.render import FORMATS

F = TypeVar("F", bound=Callable[..., Any])


class Asked(Record):
    """Which network, with which parameters set; within which limits, and how messages about it are written."""

    target: str
    settings: tuple[str, ...]
    limits: Limits
    output_format: str


class SpecCommand(click.Command):
    """Takes `-:NAME` for a target, and shows the limits under a heading of their own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # A word that begins with a dash would be an option.
        return super().parse_args(ctx, [re.sub("^-:", f"{STDIN_NAME}:", arg) for arg in args])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own: list[tuple[str, str]] = []
        limits: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            if (record := param.get_help_record(ctx)) is not None:
                (limits if isinstance(param, LimitOption) else own).append(record)
        for heading, records in (("Options", own), ("Limits", limits)):
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


class LimitOption(click.Option):
    """One field of `Limits`. Its help is the field's documentation, read only when help is asked for."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        from archdsl.reference import limits

        name = str(self.name).removeprefix("max_")
        self.help = next(limit.text for limit in limits() if limit.name == name)
        return super().get_help_record(ctx)


def limit_options(command: F) -> F:
    """`--max-steps` and its like; the command gets them as keyword arguments `max_steps`, for `take_limits`."""
    for name in reversed(Limits.fields):
        option = click.option(
            f"--max-{name}",
            cls=LimitOption,
            type=click.IntRange(min=1),
            default=getattr(Limits, name),
            show_default=True,
            metavar="N",
        )
        command = option(command)
    return command


def take_limits(options: dict[str, Any]) -> Limits:
    """The limits among a command's keyword arguments."""
    return Limits(**{name: options.pop(f"max_{name}") for name in Limits.fields})


target_argument = click.argument("target")

set_option = click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Set a parameter; the value is an expression."
)

output_format_option = click.option(
    "--output-format", type=click.Choice(FORMATS), default="full", show_default=True, help="How messages are written."
)

force_option = click.option("--force", is_flag=True, help="Overwrite a file that archdsl did not generate.")


def spec_options(command: F) -> F:
    """All that a command takes to get at a network, beside `target_argument`; it gets them in one, as `asked`."""

    @wraps(command)
    def asking(**options: Any) -> Any:
        limits = take_limits(options)
        asked = Asked(options.pop("target"), options.pop("settings"), limits, options.pop("output_format"))
        return command(asked=asked, **options)

    return set_option(output_format_option(limit_options(asking)))  # type: ignore[return-value]
