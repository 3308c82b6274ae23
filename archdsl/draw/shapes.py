"""What boxes and lines look like, as elements of SVG. Their colours come from what encloses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from archdsl.draw.drawing import Box, Point
from archdsl.draw.xml import number


def _round(box: Box) -> list[str]:
    return [rect(box.left, box.top, box.width, box.height, radius(box.width, box.height))]


def _square(box: Box) -> list[str]:
    return [rect(box.left, box.top, box.width, box.height)]


def _circle(box: Box) -> list[str]:
    place = f'cx="{number(box.x)}" cy="{number(box.y)}"'
    return [f'<ellipse {place} rx="{number(box.width / 2)}" ry="{number(box.height / 2)}"/>']


def _cut(box: Box) -> list[str]:
    """A rectangle whose corners are cut off by a line: Graphviz's `diagonals`."""
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    cut = radius(box.width, box.height)
    lines = (
        ((left, top + cut), (left + cut, top)),
        ((right - cut, top), (right, top + cut)),
        ((right, bottom - cut), (right - cut, bottom)),
        ((left + cut, bottom), (left, bottom - cut)),
    )
    return [*_square(box), f'<path d="{"".join(map(line, lines))}"/>']


def _plain(box: Box) -> list[str]:
    """Nothing to see: room around a text, for its tooltip."""
    return [rect(box.left, box.top, box.width, box.height, look=' class="room" fill="none" stroke="none"')]


def _volume(box: Box) -> list[str]:
    """Sheets one behind the other, the hindmost first."""
    return [rect(sheet.left, sheet.top, sheet.width, sheet.height) for sheet in sheets(box)]


SHAPES: dict[str, Callable[[Box], list[str]]] = {
    "round": _round,
    "box": _square,
    "bar": _square,
    "port": _square,
    "circle": _circle,
    "cut": _cut,
    "plain": _plain,
    "volume": _volume,
}


def sheets(box: Box) -> Iterator[Box]:
    """The sheets of a volume as boxes of their own, the hindmost first."""
    span = box.shift * (box.sheets - 1)
    for behind in range(box.sheets - 1, -1, -1):
        aside = box.shift * behind - span / 2
        yield Box(box.id, box.kind, box.x + aside, box.y - aside, box.width - span, box.height - span)


def radius(width: float, height: float) -> float:
    """Of rounded corners: Graphviz's rule."""
    return min(12, width / 3, height / 3)


def rect(x: float, y: float, width: float, height: float, rounded: float = 0, look: str = "") -> str:
    corners = f' rx="{number(rounded)}"' if rounded else ""
    return f'<rect{look} x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"{corners}/>'


def curve(path: Iterable[Point]) -> str:
    """A chain of cubic curves."""
    start, *rest = (f"{number(x)},{number(y)}" for x, y in path)
    return f"M{start}C{' '.join(rest)}"


def line(points: Iterable[Point]) -> str:
    """From point to point."""
    return f"M{'L'.join(f'{number(x)},{number(y)}' for x, y in points)}"


def corners(points: Iterable[Point]) -> str:
    """From point to point, and back to the first."""
    return f"{line(points)}Z"
