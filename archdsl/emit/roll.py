"""Equal neighbours -> one expression: `*(Bottleneck(256, 64) for _ in range(2))`.

Only what the spec says once is said once here: neighbours are rolled if they come from the same text.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from archdsl.emit.code import Expr, Times


def rolled(made: Sequence[tuple[Hashable, Expr]]) -> Iterator[Expr]:
    """The expressions, each with the text that it is from, runs of equal ones as one."""
    runs: list[tuple[Hashable, Expr, int]] = []
    for text, expr in made:
        before = runs[-1] if runs else None
        if before is not None and before[0] == text and (before[1] is expr or before[1].flat() == expr.flat()):
            runs[-1] = (text, before[1], before[2] + 1)
        else:
            runs.append((text, expr, 1))
    for _, expr, count in runs:
        yield Times(expr, count) if count > 1 else expr
