"""A way of straight pieces as a chain of cubic curves, with rounded corners."""

from __future__ import annotations

from archdsl.draw.drawing import Point

RADIUS = 7
STRAIGHT = 10
"""Length of the last piece of a curve."""


def curve(points: list[Point], upright: bool) -> tuple[Point, ...]:
    """A start, then three control points for each piece. A slanting piece leaves and arrives along the main axis."""
    path: list[Point] = [points[0]]
    for i in range(1, len(points)):
        here, there = points[i - 1], points[i]
        if here[0] != there[0] and here[1] != there[1]:
            path += _slanting(here, there, upright)
            continue
        start = _toward(here, there, _radius(points, i - 1))
        end = _toward(there, here, _radius(points, i))
        if start != path[-1]:
            path += _corner(path[-1], here, start)
        path += _straight(start, end)
    return tuple(path)


def _radius(points: list[Point], i: int) -> float:
    """Of the corner at a point: 0 at the ends, and where a slanting piece begins or ends."""
    if i == 0 or i == len(points) - 1:
        return 0
    before, at, after = points[i - 1], points[i], points[i + 1]
    if (before[0] != at[0] and before[1] != at[1]) or (after[0] != at[0] and after[1] != at[1]):
        return 0
    return min(RADIUS, _length(before, at) / 2, _length(at, after) / 2)


def _length(a: Point, b: Point) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _toward(a: Point, b: Point, far: float) -> Point:
    length = _length(a, b)
    if not length or not far:
        return a
    return (a[0] + (b[0] - a[0]) * far / length, a[1] + (b[1] - a[1]) * far / length)


def _straight(a: Point, b: Point) -> list[Point]:
    return [_mix(a, b, 1 / 3), _mix(a, b, 2 / 3), b]


def _corner(a: Point, corner: Point, b: Point) -> list[Point]:
    """A quarter of a circle, nearly."""
    return [_mix(a, corner, 0.5523), _mix(b, corner, 0.5523), b]


def _slanting(a: Point, b: Point, upright: bool) -> list[Point]:
    """The last piece is straight, for the arrow."""
    if upright:
        end = (b[0], b[1] - STRAIGHT if a[1] < b[1] else b[1] + STRAIGHT)
        middle = (a[1] + end[1]) / 2
        return [(a[0], middle), (b[0], middle), end, *_straight(end, b)]
    end = (b[0] - STRAIGHT if a[0] < b[0] else b[0] + STRAIGHT, b[1])
    middle = (a[0] + end[0]) / 2
    return [(middle, a[1]), (middle, b[1]), end, *_straight(end, b)]


def _mix(a: Point, b: Point, t: float) -> Point:
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)
