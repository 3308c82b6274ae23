"""What boxes and lines look like, as elements of SVG. Their colours come from what encloses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from archdsl.draw.drawing import Box
from archdsl.draw.xml import number


def _round(box: Box) -> list[str]:
    return [rect(box.left, box.top, box.width, box.height, radius(box.width, box.height))]


def _square(box: Box) -> list[str]:
    return [rect(box.left, box.top, box.width, box.height)]


def _circle(box: Box) -> list[str]:
    place = f'cx="{number(box.x)}" cy="{number(box.y)}"'
    return [f'<ellipse {place} rx="{number(box.width / 2)}" ry="{number(box.height / 2)}"/>']


def _cut(box: Box) -> list[str]:
    """A rectangle without its corners."""
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    cut = min(box.width, box.height) / 4
    upper = ((left, top + cut), (left + cut, top), (right - cut, top), (right, top + cut))
    lower = ((right, bottom - cut), (right - cut, bottom), (left + cut, bottom), (left, bottom - cut))
    return [f'<path d="{corners(upper + lower)}"/>']


def _plain(box: Box) -> list[str]:
    """Nothing to see: room around a text, for its tooltip."""
    return [rect(box.left, box.top, box.width, box.height, look=' class="room" fill="none" stroke="none"')]


def _volume(box: Box) -> list[str]:
    """Sheets one behind the other, the hindmost first."""
    span = box.shift * (box.sheets - 1)
    width, height = box.width - span, box.height - span
    steps = (box.shift * sheet for sheet in range(box.sheets - 1, -1, -1))
    return [rect(box.left + step, box.bottom - height - step, width, height) for step in steps]


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


def radius(width: float, height: float) -> float:
    """Of rounded corners: Graphviz's rule."""
    return min(12, width / 3, height / 3)


def rect(x: float, y: float, width: float, height: float, rounded: float = 0, look: str = "") -> str:
    corners = f' rx="{number(rounded)}"' if rounded else ""
    return f'<rect{look} x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"{corners}/>'


def curve(path: Iterable[tuple[float, float]]) -> str:
    """A chain of cubic curves."""
    start, *rest = (f"{number(x)},{number(y)}" for x, y in path)
    return f"M{start}C{' '.join(rest)}"


def corners(points: Iterable[tuple[float, float]]) -> str:
    return f"M{'L'.join(f'{number(x)},{number(y)}' for x, y in points)}Z"
