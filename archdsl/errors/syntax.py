"""E01xx: text that is not the language."""

from __future__ import annotations

from typing import ClassVar

from archdsl.diagnostic import Error


class Unexpected(Error):
    """Something stands where it can't.

    Example:
        conv(64 3x3)

    Write the comma: `conv(64, 3x3)`.
    """

    code: ClassVar[str] = "E0101"
    title: ClassVar[str] = "expected {expected}, found {found}"
    label: ClassVar[str] = "expected {expected}"

    found: str
    expected: str
