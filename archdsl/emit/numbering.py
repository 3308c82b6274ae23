"""Labels that count with a loop: denselayer1, denselayer2, ... -> `f"denselayer{i + 1}"`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from archdsl.emit.code import Expr, Format, Infix, Literal, Name
from archdsl.record import Record

INDEX = "i"
"""The variable that counts a loop's turns."""


class Numbering(Record):
    """The paths `container.{prefix}{factor * turn + offset}{suffix}`."""

    container: tuple[str, ...]
    prefix: str
    factor: int
    offset: int
    suffix: str

    @property
    def label(self) -> Expr:
        """The last part of the path, in the turn at hand."""
        return Format(self.prefix, self._number, self.suffix)

    @property
    def _number(self) -> Expr:
        index = Name(INDEX)
        number = index if self.factor == 1 else Infix("*", Literal(self.factor), index)
        return Infix("+", number, Literal(self.offset)) if self.offset else number


def numbering(names: Sequence[tuple[str, ...] | None]) -> Numbering | None:
    """What the paths in a loop's turns have in common; None if they don't count evenly."""
    known = [name for name in names if name]
    if len(known) < len(names) or len({name[:-1] for name in known}) > 1:
        return None
    labels = [name[-1] for name in known]
    # The number may stand anywhere in the label: try each one in the first.
    for found in re.finditer(r"0|[1-9][0-9]*", labels[0]):
        prefix, suffix = labels[0][: found.start()], labels[0][found.end() :]
        offset = int(found[0])
        second = labels[1].removeprefix(prefix).removesuffix(suffix)
        if not re.fullmatch(r"0|[1-9][0-9]{,8}", second):
            continue
        factor = int(second) - offset
        if factor > 0 and labels == [f"{prefix}{offset + factor * turn}{suffix}" for turn in range(len(labels))]:
            return Numbering(known[0][:-1], prefix, factor, offset, suffix)
    return None
