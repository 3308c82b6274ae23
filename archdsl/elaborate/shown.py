"""Shapes as messages show them: at the nominal sizes, which is how people think of a network."""

from __future__ import annotations

from archdsl.ir.dim import Domain
from archdsl.ir.shape import Shape


def shown(shape: Shape, domain: Domain) -> str:
    """`64x56x56`, without the batch."""
    return "x".join(map(str, shape.at(domain.nominals())[1:])) or "a vector over the batch"


def shown_sizes(shape: tuple[int, ...]) -> str:
    """A tensor's shape, all of its axes."""
    return "x".join(map(str, shape)) or "a single number"


def shown_apart(left: Shape, right: Shape, domain: Domain) -> tuple[str, str]:
    """Two shapes that differ; as formulas where they are the same at the nominal sizes."""
    numbers = shown(left, domain), shown(right, domain)
    return numbers if numbers[0] != numbers[1] else (str(left), str(right))


def nominal_note(shapes: tuple[Shape, ...], domain: Domain) -> str:
    """ "sizes at H = 224, W = 224", empty where all are plain numbers."""
    free = {name for shape in shapes for dim in shape.dims[1:] for name in dim.symbols}
    return "sizes at " + ", ".join(f"{name} = {domain.nominal(name)}" for name in sorted(free)) if free else ""
