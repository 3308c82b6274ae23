"""Connection tables: which input maps each output map sees."""

from __future__ import annotations

from typing import NoReturn

from archdsl.ops.op import Op, Refused, Table


def links(table: Table) -> int:
    """How many pairs of maps are linked: each has a kernel of its own."""
    return sum(map(len, table))


def need_table(op: Op, table: Table, inputs: int, outputs: int) -> None:
    """A row for each output map, which lists input maps, each once."""
    if len(table) != outputs:
        _refuse(op, f"has {len(table)} rows", f"one row for each of the {outputs} output maps")
    for i, row in enumerate(table):
        if not row:
            _refuse(op, f"links output map {i} with nothing", "each output map sees at least one input map")
        if wrong := next((one for one in row if not 0 <= one < inputs), None):
            _refuse(op, f"links output map {i} with input map {wrong}", f"input maps are 0 to {inputs - 1}")
        if len(set(row)) < len(row):
            _refuse(op, f"lists an input map twice for output map {i}", "a link has one kernel")


def _refuse(op: Op, reason: str, label: str) -> NoReturn:
    from archdsl.errors.ops import BadTable

    raise Refused(BadTable(op.name, reason, label), param="connect")
