"""Standard output and standard error: results go to the one, messages to the other."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click

EXIT_DIAGNOSTICS = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
"""What a shell reports for a program that SIGPIPE ended."""


def out(text: str) -> None:
    """A result."""
    _write(sys.stdout, text)


def err(text: str) -> None:
    """A message."""
    _write(sys.stderr, text)


def _write(stream: TextIO, text: str) -> None:
    if not text:
        return
    text = text if text.endswith("\n") else f"{text}\n"
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:  # a terminal that can't show all of Unicode
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        # The reader has what it wanted. Python would complain again when it flushes the stream at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise click.exceptions.Exit(EXIT_BROKEN_PIPE) from None


def colored(stream: TextIO) -> bool:
    """Whether to colour: `NO_COLOR` wins over `FORCE_COLOR`; without them terminals get colours, files don't."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def columns(stream: TextIO) -> int | None:
    """The width of the terminal; None where there is none."""
    if os.environ.get("COLUMNS", "").isdecimal():
        return int(os.environ["COLUMNS"])
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None
