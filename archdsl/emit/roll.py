"""Equal neighbours -> one expression: `*(Bottleneck(256, 64) for _ in range(2))`.

Only what the spec says once is said once here: neighbours are rolled if they come from the same text.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby

from archdsl.emit.code import Expr, Times


def rolled(made: Sequence[tuple[Hashable, Expr]]) -> Iterator[Expr]:
    """The expressions, each with the text that it is from, runs of equal ones as one."""
    for _, run in groupby(made, key=lambda item: (item[0], item[1].flat())):
        exprs = [expr for _, expr in run]
        if len(exprs) > 1:
            yield Times(exprs[0], len(exprs))
        else:
            yield exprs[0]
