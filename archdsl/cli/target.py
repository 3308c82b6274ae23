"""What a command is asked to look at: `FILE` or `FILE:NAME`."""

from __future__ import annotations

import os

from archdsl.reading import STDIN, STDIN_NAME


def split_target(target: str) -> tuple[str, str | None]:
    """`FILE` or `FILE:NAME`. A path may have colons of its own, so one that exists as written is a path."""
    path, colon, name = target.rpartition(":")
    if not colon or not path or not name.isidentifier() or os.path.lexists(target):
        return target, None
    return STDIN if path == STDIN_NAME else path, name
