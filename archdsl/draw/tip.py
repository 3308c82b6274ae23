"""The arrow at the end of a curve: the curve stops where the arrow begins, so that its point stays sharp."""

from __future__ import annotations

from itertools import pairwise
from math import hypot

from archdsl.draw.drawing import Point
from archdsl.draw.strokes import ARROW, ARROW_HALF_WIDTH


def with_tip(path: tuple[Point, ...]) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """The curve up to its arrow, and the arrow's corners: left, tip, right. () where the curve is too short for one.

    `path` is a chain of cubic Bezier curves: a start, then three control points for each curve.
    """
    tip = path[-1]
    for first in range(len(path) - 4, -1, -3):
        curve = path[first : first + 4]
        if _distance(curve[0], tip) > ARROW:
            stump = _cut(curve, tip)
            x, y = stump[-1]
            along = ((tip[0] - x) / ARROW, (tip[1] - y) / ARROW)
            aside = (-along[1] * ARROW_HALF_WIDTH, along[0] * ARROW_HALF_WIDTH)
            return path[:first] + stump, ((x + aside[0], y + aside[1]), tip, (x - aside[0], y - aside[1]))
    return path, ()


def _cut(curve: tuple[Point, ...], tip: Point) -> tuple[Point, ...]:
    """The part of a curve that is farther than the arrow's length from its tip: by halving."""
    low, high = 0.0, 1.0
    for _ in range(24):
        middle = (low + high) / 2
        if _distance(_split(curve, middle)[-1], tip) > ARROW:
            low = middle
        else:
            high = middle
    return _split(curve, low)


def _split(curve: tuple[Point, ...], at: float) -> tuple[Point, ...]:
    """The first part of a Bezier curve, by de Casteljau's construction."""
    points, first = list(curve), [curve[0]]
    while len(points) > 1:
        points = [_between(a, b, at) for a, b in pairwise(points)]
        first.append(points[0])
    return tuple(first)


def _between(a: Point, b: Point, at: float) -> Point:
    return a[0] + (b[0] - a[0]) * at, a[1] + (b[1] - a[1]) * at


def _distance(a: Point, b: Point) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])
