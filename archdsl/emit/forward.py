"""Dataflow -> the statements of a `forward`, one for each line of the spec.

Steps of one line become one nested expression; what is read twice, or crosses a line, gets a variable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

from archdsl.emit.align import Ref, Step
from archdsl.emit.code import Call, Expr, Infix, Literal, Name, Ternary
from archdsl.emit.compare import compared, comparisons
from archdsl.emit.construct import Construction
from archdsl.emit.frame import LOCALS, Frame, Pending, origin
from archdsl.emit.names import Names, variable
from archdsl.emit.register import has_own_test, is_child, path, presence, runs
from archdsl.emit.statements import Assign, Function, If, Parameter, Return
from archdsl.emit.unit import Member, Unit
from archdsl.emit.write import Writer, layer_of, torch_form
from archdsl.ir.graph import Layer, Node
from archdsl.ops.form import Axis, Device, X
from archdsl.source import Span

ROOM = 84
"""An expression longer than this gets a variable, so that a statement fits on its line."""


class Forward:
    """Writes one unit's `forward`."""

    def __init__(self, unit: Unit, construction: Construction) -> None:
        self.unit = unit
        self.construction = construction
        self.body = unit.body
        self.same = self._same_values()
        self.inputs = self._input_names()
        self.frame = Frame(self.inputs, self._count_readers())
        self.comparisons = comparisons(unit)

    def function(self) -> Function:
        """The whole method."""
        for run in runs(self.body.steps):
            exit_ = self._only_exit(run) if len(run) > 1 and run[0].optional else None
            if exit_ is not None:
                self._block(run, exit_)
            else:
                for step in run:
                    self._step(step, optional=step.optional, alone=len(run) == 1)
        self._return()
        many = ", ".join(["Tensor"] * len(self.body.outputs))
        returns = "Tensor" if len(self.body.outputs) == 1 else f"tuple[{many}]"
        parameters = tuple(Parameter(name.text, "Tensor") for name in self.inputs)
        return Function("forward", parameters, returns, tuple(self.frame.statements))

    # ---- values

    def _same_values(self) -> dict[Ref, Ref]:
        """Results that are their step's operand itself (identity)."""
        same: dict[Ref, Ref] = {}
        for step in self.body.steps:
            if not is_child(step) and isinstance(torch_form(_layer(step.one)).function, X):
                operand = step.operands[0]
                same[(step.position, 0)] = same.get(operand, operand)
        return same

    def _operands(self, step: Step) -> list[Ref]:
        return [self.same.get(ref, ref) for ref in step.operands]

    @property
    def _outputs(self) -> list[Ref]:
        return [self.same.get(ref, ref) for ref in self.body.outputs]

    def _count_readers(self) -> Counter[Ref]:
        readers = Counter(self._outputs)
        for step in self.body.steps:
            if (step.position, 0) not in self.same:
                readers.update(self._operands(step))
        return readers

    def _input_names(self) -> list[Name]:
        names = Names()
        labels = [getattr(value.node, "label", "x") for value in self.body.graphs[0].inputs]
        return [Name(names.take(variable(label, "x"))) for label in labels]

    # ---- steps that only some graphs have

    def _only_exit(self, run: list[Step]) -> Ref | None:
        """The one value of a run that is read outside it; None if there are more, or none."""
        inside = Counter(ref for step in run for ref in self._operands(step))
        made = [(step.position, index) for step in run for index in range(len(step.one.outputs))]
        if not self.same.keys().isdisjoint(made):
            return None
        exits = [ref for ref in made if self.frame.left[ref] > inside[ref]]
        return exits[0] if len(exits) == 1 and exits[0][0] == run[-1].position else None

    def _block(self, run: list[Step], exit_: Ref) -> None:
        """`if self.flag:` and the run's statements, the last of which replaces what the run is skipped for."""
        self.frame.name_all()
        skipped = exit_
        while skipped[0] >= run[0].position:
            skipped = self._operands(self.body.steps[skipped[0]])[0]
        test = presence(self.unit, run[0], stored=True)
        before = self.frame.bound[skipped]
        inside = sum(self._operands(step).count(skipped) for step in run)
        target = before
        if self.frame.left[skipped] > inside or before.text not in LOCALS:
            target = self.frame.new_name()
            self.frame.statements.append(Assign((target,), before))
        outside, self.frame.statements = self.frame.statements, []
        for step in run:
            self._step(step, optional=False)
        self.frame.name(exit_, target)
        if self.frame.bound[exit_] is not target and self.frame.bound[exit_].text != target.text:
            self.frame.statements.append(Assign((target,), self.frame.bound[exit_]))
            self.frame.release([self.frame.bound[exit_]])
        body, self.frame.statements = self.frame.statements, outside
        self.frame.statements.append(If(test, tuple(body)))
        self.frame.keep(exit_, target)

    # ---- steps

    def _step(self, step: Step, *, optional: bool, alone: bool = False) -> None:
        """One step. An optional one is skipped where a graph lacks it; `alone`: no neighbour shares its condition."""
        self._compare_sizes(step)
        if (step.position, 0) in self.same:
            return
        refs = self._operands(step)
        members = [Member(i, node, self.body.graphs[i]) for i, node in step.present()]
        self._settle_operands(step, members, refs, optional)
        if not optional and self._added_in_place(step, members, refs):
            return
        steps = 1 + sum(self.frame.pending[ref].steps for ref in refs if ref in self.frame.pending)
        holds = self.frame.reads_own_last(refs) and self._makes_value(members)
        last: list[Name] = []
        operands = [self.frame.read(ref, last) for ref in refs]
        expr = self._expression(step, members, operands)
        if optional:
            expr = self._skippable(step, expr, operands[0], alone)
        pending = Pending(expr, step.one.place.span, steps, last, holds=holds)
        if len(step.one.outputs) > 1:
            self.frame.unpack([(step.position, index) for index in range(len(step.one.outputs))], pending)
        else:
            self.frame.wait((step.position, 0), pending, ROOM)

    def _compare_sizes(self, step: Step) -> None:
        for comparison in self.comparisons.get(step.position, ()):
            self.frame.name_all()
            operands = [self.frame.bound[ref] for ref in self._operands(step)]
            self.frame.statements.append(compared(comparison, operands, origin(step.one.place.span)))

    def _settle_operands(self, step: Step, members: Sequence[Member], refs: list[Ref], optional: bool) -> None:
        """Give variables to operands that can't stand in the step's own expression."""
        waiting = [ref for ref in refs if ref in self.frame.pending]
        if waiting != list(self.frame.pending)[len(self.frame.pending) - len(waiting) :]:
            self.frame.name_all()
            return
        merges = isinstance(step.one, Layer) and step.one.merges
        uses = _uses(members)
        for i, ref in enumerate(refs):
            if ref not in self.frame.pending:
                continue
            value = self.frame.pending[ref]
            together = _line(value.span) == _line(step.one.place.span) or (merges and value.steps == 1)
            crowded = value.holds and self._makes_value(members)
            if not together or crowded or uses[i] != 1 or (optional and i == 0):
                self.frame.name(ref)
        room = sum(len(self.frame.pending[ref].expr.flat()) for ref in refs if ref in self.frame.pending)
        if room > ROOM - 30:
            self.frame.name_all()

    def _makes_value(self, members: Sequence[Member]) -> bool:
        """Whether a step's result takes memory of its own. An activation is written around its operand all the same, as
        everyone does."""
        return not all(
            isinstance(member.node, Layer) and (member.node.op.view or member.node.op.role == "activation")
            for member in members
        )

    def _expression(self, step: Step, members: Sequence[Member], operands: list[Expr]) -> Expr:
        if is_child(step):
            return Call(path(step.one.name or ()), tuple(operands))
        return self._function(members, operands, step)

    def _skippable(self, step: Step, expr: Expr, skipped: Expr, alone: bool) -> Expr:
        """The step, or what it is skipped for. Only a child that stands alone is there as None where it is lacking."""
        if alone and has_own_test(step):
            return Ternary(skipped, Infix("is", path(step.one.name or ()), Literal(None)), expr)
        return Ternary(expr, presence(self.unit, step, stored=True), skipped)

    def _function(self, members: Sequence[Member], operands: list[Expr], step: Step) -> Expr:
        forms = [torch_form(layer_of(member)).function for member in members]
        expr = Writer(self.unit, members, (step.position, "forward"), operands).word(forms, "")
        if isinstance(expr, Call) and all(self.construction.in_place(member) for member in members):
            return Call(expr.callee, expr.args, (*expr.kwargs, ("inplace", Literal(True))))
        return expr

    def _added_in_place(self, step: Step, members: Sequence[Member], refs: list[Ref]) -> bool:
        """`y += shortcut`, where the body's value may be overwritten."""
        node = step.one
        if not (isinstance(node, Layer) and node.merges == "residual" and len(refs) == 2):
            return False
        target, other = refs
        if target == other or not all(
            self.construction.freshness.overwritable(member.home, member.node.inputs[0]) for member in members
        ):
            return False
        self.frame.name(target)
        if target not in self.frame.bound or self.frame.left[target] != 1:
            return False
        last: list[Name] = []
        shortcut = self.frame.read(other, last)
        name = self.frame.bound.pop(target)
        self.frame.bound[(step.position, 0)] = name
        self.frame.statements.append(Assign((name,), shortcut, "+", origin(node.place.span)))
        self.frame.release(last)
        return True

    def _return(self) -> None:
        outputs = self._outputs
        if list(self.frame.pending) != outputs:
            self.frame.name_all()
        spans = [self.frame.pending[ref].span for ref in outputs if ref in self.frame.pending]
        values = tuple(self.frame.read(ref, []) for ref in outputs)
        last = self.frame.statements[-1] if self.frame.statements else None
        if isinstance(last, Assign) and not last.op and [last.targets] == [values]:
            self.frame.statements[-1] = Return((last.value,), last.origin)
        else:
            self.frame.statements.append(Return(values, origin(spans[-1]) if spans else None))


def _uses(members: Sequence[Member]) -> Counter[int]:
    """How often a step's expression mentions each operand."""
    node = members[0].node
    if not isinstance(node, Layer):
        return Counter(range(len(node.inputs)))
    counts: Counter[int] = Counter()
    stack: list[object] = [torch_form(node).function]
    while stack:
        word = stack.pop()
        if isinstance(word, X):
            counts[word.index] += 1
        elif isinstance(word, (Axis, Device)):
            counts[word.operand] += 1
        elif isinstance(word, list | tuple):
            stack.extend(cast("Sequence[object]", word))
        elif hasattr(word, "__dict__"):
            stack.extend(vars(word).values())
    return counts or Counter(range(len(node.inputs)))


def _layer(node: Node) -> Layer:
    assert isinstance(node, Layer)
    return node


def _line(span: Span) -> tuple[int, int]:
    return id(span.source), span.line
