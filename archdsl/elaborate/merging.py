"""Ops of several values that take them as lines: `add { @; conv(64, 1x1) }`."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.connectors.connector import Connector
from archdsl.elaborate.arguments import make_op
from archdsl.elaborate.context import At
from archdsl.elaborate.values import Flow, StepValue
from archdsl.elaborate.wiring import Wiring, run_rule
from archdsl.elaborate.written import StepLabel
from archdsl.ir.why import Traced
from archdsl.ops.op import MANY, Op
from archdsl.syntax import ast


def run_merge(step: StepValue, unit: ast.Use, label: StepLabel | None, at: At) -> Flow | None:
    """The braces behind an op of several values: each line, from the current value, gives one of them."""
    op, args, operands = make_op(step, unit.path.span, at)
    if operands:
        from archdsl.errors.values import NotStepArguments

        error = NotStepArguments(op.name, "its values as lines or as arguments", "here as both")
        raise at.reporter.fail(error, unit.path.span)
    return run_rule(Merge(op, args), unit, label, at)


class Merge(Connector):
    """The wiring rule of an op of several values: out = op(line_1(x), ..., line_n(x))."""

    op: Op
    args: Mapping[str, Traced]

    @property
    def word(self) -> str:  # type: ignore[override]
        return self.op.name

    def wire(self, wiring: Wiring) -> Flow:
        branches = wiring.branches("branch")
        if self.op.distinct and all(branch is wiring.at.current for branch in branches):
            raise wiring.empty()
        if self.op.operands == MANY and len(branches) == 1:
            return branches[0]
        if self.op.operands not in (MANY, len(branches)):
            from archdsl.errors.values import NotStepArguments

            found = f"{len(branches)} line{'s' * (len(branches) != 1)} here"
            raise wiring.at.reporter.fail(
                NotStepArguments(self.op.name, f"{self.op.operands} values", found), wiring.braces.span
            )
        return wiring.merge(self.op, branches, self.args)
