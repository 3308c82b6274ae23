"""Writing what was generated: never over what somebody else wrote."""

from __future__ import annotations

import os

from archdsl import writing
from archdsl.reading import reason, refusal

MARK = "compiled by archdsl from"
"""In every generated file, near its beginning or its end."""

_BINARY = (b"\x08", b"PK", b"\x89PNG", b"%PDF")
"""How ONNX's messages, archives and pictures begin."""

_EDGE = 1000
"""Bytes of a file's beginning and end in which the mark is looked for."""


def write(path: str, data: bytes, *, force: bool = False) -> None:
    """Put the data in the file.

    Raises:
        Refusal: the file exists and wasn't generated (without `force`), or the system refuses.
    """
    if not force:
        _mind_own_work(path)
    writing.write(path, data)


def _mind_own_work(path: str) -> None:
    """Refuse to replace a file that was not generated."""
    from archdsl.errors.files import FileUnwritable, NotGenerated

    if not os.path.isfile(path):
        return
    try:
        generated = _generated(path)
    except OSError as problem:
        raise refusal(FileUnwritable(path, reason(problem)), path) from None
    if not generated:
        raise refusal(NotGenerated(path), path)


def _generated(path: str) -> bool:
    """Text says so in its first line, ONNX's messages in their first fields, archives and pictures at their end."""
    with open(path, "rb") as file:
        start = file.read(_EDGE)
        if not start.startswith(_BINARY):
            return MARK.encode() in start.split(b"\n")[0]
        file.seek(max(0, os.fstat(file.fileno()).st_size - _EDGE))
        return MARK.encode() in start + b"\n" + file.read(_EDGE)
