"""The figures' own font: how wide a text is, and the files that carry it.

Every box is sized with these widths before anything is drawn. They hold in Graphviz and in any reader's browser, for
both draw with the very same font: Graphviz finds it through `font/fonts.conf`, an SVG carries it along.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from functools import cache
from pathlib import Path
from unicodedata import combining, east_asian_width

from archdsl.draw import metrics

FAMILY = "Archdsl Sans"
ASCENT = metrics.ASCENT / metrics.UNITS_PER_EM
"""How far a line rises above its baseline, in ems."""
DESCENT = metrics.DESCENT / metrics.UNITS_PER_EM
FOLDER = Path(__file__).parent / "font"


def width(text: str, size: float, bold: bool = False) -> float:
    """How wide a line of text is at a font size, both in points.

    Exact for the font's signs (Latin, Greek, what figures need): none is ever kerned or joined. Any other sign is
    drawn in whatever font the reader has, and is given more room than such fonts take.
    """
    advances = _advances(bold)
    units = 0
    for sign in text:
        units += advances.get(sign) or _foreign(sign)
    return units * size / metrics.UNITS_PER_EM


def missing(text: str) -> frozenset[str]:
    """The signs that the font doesn't have."""
    return frozenset(text).difference(_advances(False))


def parts(signs: Set[str], bold: bool) -> Iterator[tuple[bytes, str]]:
    """The WOFF2 files that hold some of these signs, each with the `unicode-range` of what it holds.

    Nearly all figures do with the first, of 6 kB.
    """
    for part, held in (("core", metrics.CORE), ("more", metrics.MORE)):
        if not signs.isdisjoint(held):
            data = (FOLDER / "woff2" / f"{'bold' if bold else 'regular'}-{part}.woff2").read_bytes()
            yield data, ",".join(f"U+{first:X}-{last:X}" for first, last in _ranges(held))


def _ranges(signs: str) -> Iterator[tuple[int, int]]:
    """Signs that follow one another, as pairs of the first and the last; `signs` is sorted."""
    first = last = ord(signs[0])
    for code in map(ord, signs):
        if code > last + 1:
            yield first, last
            first = code
        last = code
    yield first, last


@cache
def _advances(bold: bool) -> dict[str, int]:
    signs = metrics.BOLD if bold else metrics.REGULAR
    return {sign: width for width, same in signs.items() for sign in same}


def _foreign(sign: str) -> int:
    """Wide signs fill an em in East Asian fonts, and up to 1.4 as emoji; combining ones take no room."""
    if combining(sign):
        return 0
    return metrics.UNITS_PER_EM * 7 // 5 if east_asian_width(sign) in "WF" else metrics.UNITS_PER_EM
