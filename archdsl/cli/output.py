"""Writing files: whole or not at all, and never over what somebody else wrote."""

from __future__ import annotations

import os

from archdsl.reading import reason, refusal
from archdsl.writing import replacing

MARK = "compiled by archdsl from"
"""In the first line of every generated file."""


def write(path: str, text: str, *, force: bool = False) -> None:
    """Put the text in the file.

    Raises:
        Refusal: the file exists and wasn't generated (without `force`), or the system refuses.
    """
    if not force:
        _mind_own_work(path)
    with replacing(path) as beside, open(beside, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _mind_own_work(path: str) -> None:
    """Refuse to replace a file that was not generated."""
    from archdsl.errors.files import FileUnwritable, NotGenerated

    if not os.path.isfile(path):
        return
    try:
        with open(path, "rb") as file:
            generated = MARK.encode() in file.readline(1000)
    except OSError as problem:
        raise refusal(FileUnwritable(path, reason(problem)), path) from None
    if not generated:
        raise refusal(NotGenerated(path), path)
