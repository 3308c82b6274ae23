"""Sizes that could not be decided when the spec was compiled: compared when the module runs."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.emit.code import Call, Expr, Infix, Literal, Name, Subscript, attribute
from archdsl.emit.statements import If, Origin, Raise
from archdsl.emit.unit import Unit

Comparison = tuple[int, int, int]
"""An axis, and the two operands whose sizes along it must be equal."""


def comparisons(unit: Unit) -> dict[int, list[Comparison]]:
    """What to compare before each step. What one graph leaves open and another proves is compared in both."""
    position = {id(node): step.position for step in unit.body.steps for _, node in step.present}
    found: dict[int, dict[Comparison, None]] = {}
    for graph in unit.body.graphs:
        for check in graph.checks:
            operands = [id(value) for value in check.node.inputs]
            comparison = (check.axis, operands.index(id(check.left)), operands.index(id(check.right)))
            found.setdefault(position[id(check.node)], {})[comparison] = None
    return {at: list(comparisons) for at, comparisons in found.items()}


def compared(comparison: Comparison, operands: Sequence[Expr], origin: Origin) -> If:
    """`if x.shape[2] != y.shape[2]: raise ...`, naming the line of the spec."""
    axis, *sides = comparison
    left, right = (Subscript(attribute(operands[i], "shape"), Literal(axis)) for i in sides)
    message = f"{origin.file}:{origin.line}: the sizes along axis {axis} differ"
    error = Raise(Call(Name("ValueError"), (Literal(message),)))
    return If(Infix("!=", left, right), (error,), origin)
