"""`mesh gpus[2]`: what a declaration of devices comes to."""

from __future__ import annotations

from math import prod

from archdsl.elaborate.context import At
from archdsl.elaborate.expressions import evaluate, integer
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import POISON
from archdsl.ir.shares import Mesh
from archdsl.ir.why import Traced, Why
from archdsl.syntax import ast

MOST = 4096
"""Devices of a mesh."""


def mesh(declared: ast.Mesh, at: At) -> Traced:
    """The mesh as a value; `POISON` once a mistake in it is reported."""
    try:
        value: object = _mesh(declared, at)
    except Failed:
        value = POISON
    return Traced(value, Why("literal", declared.span, value))


def _mesh(declared: ast.Mesh, at: At) -> Mesh:
    name = declared.name.text
    axes: list[int] = []
    for axis in declared.axes:
        size = integer(evaluate(axis, at).value, "the number of devices", axis.span, at)
        axes.append(size)
        if size < 1 or prod(axes) > MOST:
            from archdsl.errors.devices import BadMesh

            expected = "it has at least one device along each axis" if size < 1 else f"at most {MOST:,} devices in all"
            raise at.reporter.fail(BadMesh(name, f"{size} devices", expected), axis.span)
    return Mesh(name, tuple(axes))
