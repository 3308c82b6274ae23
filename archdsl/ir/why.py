"""Where a number came from: a chain of places, read by errors, by `archdsl why` and by the emitter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.source import Span

if TYPE_CHECKING:
    from archdsl.ir.graph import Scope


class Why:
    """One step in a number's derivation.

    rule:     "literal"; "default" (of an op's parameter, `name`); "name" (a `let` or a loop variable; one operand: its
              definition); "param" (a parameter of the block at hand: a leaf here, its argument is at the call);
              "input" (axis `name` of the block's input: a leaf here too); "size" (a free size); "step" (made by a step,
              `name` its word, operands what it was made from); "index" (an item of a list); "call" and
              "elsewhere" (see below);
              an operator's or function's own spelling ("*", "//", "min", "if").
    span:     its text; None for a number made by arithmetic inside an op's rule.
    value:    what came out.

    from_caller: whether it rests on a parameter or on the input of its block, so that another call may give another.
    """

    __slots__ = ("from_caller", "name", "operands", "rule", "span", "value")

    def __init__(
        self, rule: str, span: Span | None, value: object, operands: tuple[Why, ...] = (), name: str = ""
    ) -> None:
        self.rule = rule
        self.span = span
        self.value = value
        self.operands = operands
        self.name = name
        self.from_caller = rule == "param" or rule == "input"
        for operand in operands:
            if operand.from_caller:
                self.from_caller = True
                break

    def __repr__(self) -> str:
        return f"Why({self.rule} {self.name} = {self.value} @ {self.span})"


class CallWhy(Why):
    """Rule "call": a size of what a block call gave. Its operand is the derivation *within* the block, whose leaves
    ("param", "input") continue in `scope.args` and `scope.inputs`."""

    __slots__ = ("scope",)

    def __init__(self, span: Span | None, value: object, inner: Why, scope: Scope) -> None:
        self.rule = "call"
        self.span = span
        self.value = value
        self.operands = (inner,)
        self.name = ""
        self.from_caller = inner.from_caller
        self.scope = scope


class ElsewhereWhy(Why):
    """Rule "elsewhere": a number that braces take along into the block that they are handed to. Its derivation,
    `origin`, speaks of the block that the braces are written in, so here it leads nowhere."""

    __slots__ = ("origin",)

    def __init__(self, origin: Why) -> None:
        super().__init__("elsewhere", origin.span, origin.value)
        self.origin = origin
        self.from_caller = origin.from_caller


class Traced:
    """A value of the language and where it came from. Items of a list are traced themselves."""

    __slots__ = ("value", "why")

    def __init__(self, value: object, why: Why) -> None:
        self.value = value
        self.why = why

    def __repr__(self) -> str:
        return f"Traced({self.value!r})"
