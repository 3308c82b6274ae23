"""The frame of a `forward` as it is written: its variables, the expressions that wait, and the statements so far.

Expressions that wait for their reader are written in the order they were made, so the order of evaluation is the
textual one: random numbers are drawn, and values overwritten, exactly where the spec says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from archdsl.emit.align import Ref
from archdsl.emit.code import Expr, Name
from archdsl.emit.names import Names, variable
from archdsl.emit.statements import Assign, Origin, Stmt
from archdsl.source import Span

LOCALS = ("x", "y", "z", "u", "v", "w")
"""Names of local variables, in the order they are taken."""

WAITING = 16
"""More expressions than this do not wait at a time."""


class Pending:
    """An expression that waits for its one reader.

    last:  the variables that it is the last to read.
    holds: it makes a new value while the frame still holds one of its own that nobody reads afterwards. A further new
           value in the same expression would be one more in memory than with a statement each.
    """

    def __init__(self, expr: Expr, span: Span, steps: int, last: list[Name], *, holds: bool) -> None:
        self.expr = expr
        self.span = span
        self.steps = steps
        self.last = last
        self.holds = holds


class Frame:
    """`left` says how often each value will still be read."""

    def __init__(self, inputs: Sequence[Name], left: Counter[Ref]) -> None:
        self.statements: list[Stmt] = []
        self.bound: dict[Ref, Name] = {(~i, 0): name for i, name in enumerate(inputs)}
        self.pending: dict[Ref, Pending] = {}
        self.left = left
        self._reserved = {name.text for name in inputs}
        self._free = [name for name in LOCALS if name not in self._reserved]
        self._made = 0

    def read(self, ref: Ref, last: list[Name]) -> Expr:
        """A value, where it is read. Variables that nobody reads afterwards are added to `last`."""
        self.left[ref] -= 1
        if ref in self.pending:
            value = self.pending.pop(ref)
            last += value.last
            return value.expr
        name = self.bound[ref]
        if not self.left[ref]:
            last.append(self.bound.pop(ref))
        return name

    def reads_own_last(self, refs: list[Ref]) -> bool:
        """Whether a step with these operands is the last to read a value of this frame's own, not one handed in."""
        return any(
            self.pending[ref].holds if ref in self.pending else ref[0] >= 0 and self.left[ref] == refs.count(ref)
            for ref in refs
        )

    def release(self, names: Sequence[Name]) -> None:
        """Variables that may be used anew."""
        self._free += [name.text for name in names if name.text in LOCALS or re.fullmatch(r"x\d+", name.text)]
        self._free.sort(key=lambda text: (len(text), LOCALS.index(text[0])))

    def new_name(self) -> Name:
        if not self._free:
            self._made += 1
            while f"x{self._made}" in self._reserved:
                self._made += 1
            self._free.append(f"x{self._made}")
        return Name(self._free.pop(0))

    def reserve(self, wanted: str) -> Name:
        """A variable that is called like that, as far as the name is free, and never holds anything else."""
        name = Names(self._reserved | set(LOCALS)).take(variable(wanted))
        self._reserved.add(name)
        return Name(name)

    def name(self, ref: Ref, wanted: Name | None = None) -> None:
        """Give a pending value a variable, and all that were made before it: they come first."""
        while ref in self.pending:
            first = next(iter(self.pending))
            value = self.pending.pop(first)
            self.release(value.last)
            name = self.bound[first] = wanted if wanted and first == ref else self.new_name()
            self.statements.append(Assign((name,), value.expr, origin=origin(value.span)))

    def begin(self) -> list[Stmt]:
        """Start a block of its own; what it interrupts is to be given to `end`."""
        outside, self.statements = self.statements, []
        return outside

    def end(self, outside: list[Stmt]) -> tuple[Stmt, ...]:
        """The block's statements."""
        body, self.statements = tuple(self.statements), outside
        return body

    def variable_for(self, ref: Ref, *, still_read: bool) -> Name:
        """The variable of a value that is to be replaced; another one, if the value itself is read later."""
        before = self.bound[ref]
        if not still_read and before.text in LOCALS:
            return before
        target = self.new_name()
        self.statements.append(Assign((target,), before))
        return target

    def settle_in(self, ref: Ref, target: Name) -> None:
        """Have a value end in a certain variable."""
        self.name(ref, target)
        if self.bound[ref].text != target.text:
            self.statements.append(Assign((target,), self.bound[ref]))
            self.release([self.bound[ref]])

    def name_all(self) -> None:
        for ref in list(self.pending):
            self.name(ref)

    def wait(self, ref: Ref, value: Pending, room: int) -> None:
        """Have a value wait for its reader; one that has several, or is longer than `room`, gets a variable at once."""
        self.pending[ref] = value
        if self.left[ref] != 1 or len(value.expr.flat()) > room:
            self.name(ref)
        elif len(self.pending) > WAITING:
            self.name_all()

    def unpack(self, refs: Sequence[Ref], value: Pending) -> None:
        """`y, z = value`."""
        self.name_all()
        self.release(value.last)
        for ref in refs:
            self.bound[ref] = self.new_name() if self.left[ref] else Name("_")
        targets = tuple(self.bound[ref] for ref in refs)
        self.statements.append(Assign(targets, value.expr, origin=origin(value.span)))
        self.release([self.bound.pop(ref) for ref in refs if not self.left[ref]])

    def keep(self, ref: Ref, target: Name) -> None:
        """Have a value in a certain variable, whichever it was given."""
        self.bound[ref] = target
        if target.text in self._free:
            self._free.remove(target.text)

    def forget(self, refs: Sequence[Ref]) -> None:
        """Count one reader less; variables that nobody reads any more may be used anew."""
        for ref in refs:
            self.left[ref] -= 1
        self.release([self.bound.pop(ref) for ref in refs if not self.left[ref] and ref in self.bound])


def origin(span: Span) -> Origin:
    """The place that a statement names."""
    return Origin(span.source.name.rpartition("/")[2], span.line)
