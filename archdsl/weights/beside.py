"""A weight file set beside a checked network, which need not be built."""

from __future__ import annotations

from archdsl.ir.graph import Program
from archdsl.weights.header import read_header
from archdsl.weights.match import Choice, match, renamed, wanted
from archdsl.weights.origin import Origin
from archdsl.weights.report import Report


def beside(program: Program, path: str, choice: Choice, *, by: str = "name") -> Report:
    """What of the file fits. `by`: "name", after the spec's `rename` rules, or "order", by shape and order.

    Raises:
        Refusal: the file can't be read, or it is unclear what is what.
        Misfit:  what doesn't fit is more than the choice allows, or nothing fits.
    """
    file = read_header(path)
    network = wanted(program)
    names = renamed(file, network, program.renames)
    if by == "order":
        from archdsl.weights.order import ordered

        names = ordered(file, network, names, choice.without)
    return match(file, network, names, choice, program.title, Origin.of_program(program))
