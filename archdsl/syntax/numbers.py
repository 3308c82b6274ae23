"""What a word that starts with a digit means: an int, a float, a size, or a rounded figure. ASCII digits only."""

from __future__ import annotations

import re
from typing import Union

LARGEST = 2**63 - 1

_DIGITS = "[0-9]+(?:_[0-9]+)*"
_INT = re.compile(_DIGITS)
_FLOAT = re.compile(rf"{_DIGITS}(?:\.{_DIGITS})?(?:[eE][+-]?{_DIGITS})?")
_SIZE = re.compile(r"[0-9]+(?:x[0-9]+)+")
_ROUNDED = re.compile(rf"{_DIGITS}(?:\.[0-9]+)?[KMGT]")

Number = Union[int, float, "tuple[int, ...]", str]


def classify(word: str) -> Number | None:
    """The value of a number; a rounded figure (`4.09G`) as its text; None if it is none of these.

    Raises OverflowError if it doesn't fit: integers have 64 bits, floats are doubles.
    """
    if _INT.fullmatch(word):
        return _bounded(word)
    if _SIZE.fullmatch(word):
        return tuple(_bounded(part) for part in word.split("x"))
    if _FLOAT.fullmatch(word):
        value = float(word)
        if value == float("inf"):
            raise OverflowError(word)
        return value
    return word if _ROUNDED.fullmatch(word) else None


def _bounded(digits: str) -> int:
    digits = digits.replace("_", "").lstrip("0") or "0"
    # Length first: Python refuses to convert very long numbers, with an exception of its own.
    if len(digits) > len(str(LARGEST)) or int(digits) > LARGEST:
        raise OverflowError(digits)
    return int(digits)
