"""Dataflow -> the statements of a `forward`, one for each line of the spec.

Steps of one line become one nested expression; what is read twice, or crosses a line, gets a variable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import cast

from archdsl.emit.align import Member, Ref, Step
from archdsl.emit.code import Call, Expr, Infix, Literal, Name, Ternary
from archdsl.emit.compare import compared, comparisons
from archdsl.emit.construct import Construction
from archdsl.emit.frame import Frame, Pending, origin
from archdsl.emit.indented import only_exit, write_condition, write_loop, write_segment, write_training
from archdsl.emit.loops import Loop, Turned, steps_in
from archdsl.emit.names import Names, variable
from archdsl.emit.numbering import INDEX
from archdsl.emit.register import has_own_test, is_child, path, presence, runs
from archdsl.emit.results import TRAINING_MODE, Results
from archdsl.emit.segments import by_segment
from archdsl.emit.statements import Assign, Function, If, Return, Stmt, returned, returning, tensors
from archdsl.emit.unit import Unit
from archdsl.emit.write import written
from archdsl.ir.graph import TRAINING, Declared, Layer, Output, Region
from archdsl.ops.form import Axis, Device, X
from archdsl.source import Span

ROOM = 84
"""An expression longer than this gets a variable, so that a statement fits on its line."""


class Forward:
    """Writes one unit's `forward`."""

    def __init__(self, unit: Unit, construction: Construction, results: Results | None = None) -> None:
        """`results`: what comes back by name, for the network's."""
        self.unit = unit
        self.results = results
        self.construction = construction
        self.body = unit.body
        self.same = self._same_values()
        self.inputs = self._input_names()
        self.frame = Frame(self.inputs, self._count_readers())
        for step in self.body.steps:
            if isinstance(step.one, Declared):
                self.frame.bound[(step.position, 0)] = Name(f"self.{'.'.join(step.one.name or ())}")
        self.comparisons = comparisons(unit)
        self.functions = Names({name.text for name in self.inputs})
        self.alone = {run[0].position for run in runs(self.body.items) if isinstance(run, list) and len(run) == 1}
        """Steps that no neighbour shares a condition with."""
        self.looping = False
        self.child_variable: Name | None = None
        """What a loop over the children calls the one at hand."""

    def function(self) -> Function:
        """The whole method."""
        for region, items in self._stretches():
            if region is None:
                self.write(items)
            else:
                write_training(self, items)
        if self.results is not None and self.results.named:
            body = self._returning_named(self.results)
        else:
            body = self._returning()
        returns = self.results.annotation if self.results is not None else returned(len(self.body.outputs))
        return Function("forward", tensors(self.inputs), returns, body)

    def _stretches(self) -> Iterator[tuple[Region | None, list[Step | Loop]]]:
        """Steps and loops in the order in which they run, each side chain of training apart."""

        def region(item: Step | Loop) -> Region | None:
            step = item.steps[0] if isinstance(item, Loop) else item
            return step.one.place.within(TRAINING) if self.results is not None else None

        for key, items in groupby(self.body.schedule, key=region):
            yield key, list(items)

    def write(self, items: Iterable[Step | Loop]) -> None:
        """Steps and loops, segments that are computed again apart."""
        for recomputed, part in by_segment(items):
            if recomputed and self.exits(steps_in(part)):
                write_segment(self, part)
            else:
                self.write_plain(part)

    def write_plain(self, items: Iterable[Step | Loop]) -> None:
        """Steps and loops; neighbours that only some graphs have under one condition."""
        for run in runs(items):
            if isinstance(run, Loop):
                write_loop(self, run)
                continue
            exit_ = only_exit(self, run) if len(run) > 1 and run[0].optional else None
            if exit_ is not None:
                write_condition(self, run, exit_)
                continue
            for step in run:
                self.step(step, optional=step.optional)

    # ---- values

    def _same_values(self) -> dict[Ref, Ref]:
        """Results that are their step's operand itself (identity)."""
        same: dict[Ref, Ref] = {}
        for step in self.body.steps:
            if isinstance(step.one, Layer) and not is_child(step) and isinstance(step.one.form.function, X):
                operand = step.operands[0]
                same[(step.position, 0)] = same.get(operand, operand)
        return same

    def operands(self, step: Step) -> list[Ref]:
        return [self.same.get(ref, ref) for ref in step.operands]

    @property
    def outputs(self) -> list[Ref]:
        return [self.same.get(ref, ref) for ref in self.body.outputs]

    def _count_readers(self) -> Counter[Ref]:
        readers = Counter(self.outputs)
        for step in self.body.steps:
            if (step.position, 0) not in self.same:
                readers.update(self.operands(step))
        return readers

    def _input_names(self) -> list[Name]:
        names = Names({INDEX} if self.body.loops else None)
        labels = [getattr(value.node, "label", "x") for value in self.body.graphs[0].inputs]
        return [Name(names.take(variable(label, "x"))) for label in labels]

    def made(self, steps: Iterable[Step]) -> list[Ref]:
        """What steps make."""
        return [(step.position, index) for step in steps for index in range(len(step.one.outputs))]

    def exits(self, steps: Sequence[Step]) -> list[Ref]:
        """What of it is read by others."""
        reading = [step for step in steps if (step.position, 0) not in self.same]
        inside = Counter(ref for step in reading for ref in self.operands(step))
        return [ref for ref in self.made(steps) if self.frame.left[ref] > inside[ref]]

    # ---- steps

    def step(self, step: Step, *, optional: bool) -> None:
        """One step. An optional one is skipped where a graph lacks it."""
        self._compare_sizes(step)
        if (step.position, 0) in self.same or isinstance(step.one, Declared):
            return
        refs = self.operands(step)
        members = step.members(self.body)
        self._settle_operands(step, members, refs, optional)
        if not optional and self._added_in_place(step, members, refs):
            return
        steps = 1 + sum(self.frame.pending[ref].steps for ref in refs if ref in self.frame.pending)
        holds = self.frame.reads_own_last(refs) and self._makes_value(members)
        last: list[Name] = []
        operands = [self.frame.read(ref, last) for ref in refs]
        expr = self._expression(step, members, operands)
        if optional:
            expr = self._skippable(step, expr, operands[0])
        pending = Pending(expr, step.one.place.span, steps, last, holds=holds)
        if len(step.one.outputs) > 1:
            self.frame.unpack([(step.position, index) for index in range(len(step.one.outputs))], pending)
        else:
            self.frame.wait((step.position, 0), pending, ROOM)

    def _compare_sizes(self, step: Step) -> None:
        for comparison in self.comparisons.get(step.position, ()):
            self.frame.name_all()
            operands = [self.frame.bound[ref] for ref in self.operands(step)]
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
        if step.one.runs is not None:
            return Call(path(step.one.runs), tuple(operands))
        if is_child(step):
            return Call(self._child(step), tuple(operands))
        return self._function(members, operands, step)

    def _child(self, step: Step) -> Expr:
        """How a child is called: in a loop over the children by the loop's variable."""
        if not isinstance(step, Turned) or step.numbering is None:
            return path(step.one.name or ())
        if self.child_variable is not None:
            return self.child_variable
        return Call(Name("getattr"), (path(step.numbering.container), step.numbering.label))

    def _skippable(self, step: Step, expr: Expr, skipped: Expr) -> Expr:
        """The step, or what it is skipped for. Only a child that stands alone is there as None where it is lacking."""
        if step.position in self.alone and has_own_test(step):
            return Ternary(skipped, Infix("is", path(step.one.name or ()), Literal(None)), expr)
        return Ternary(expr, presence(self.unit, step, stored=True), skipped)

    def _function(self, members: Sequence[Member], operands: list[Expr], step: Step) -> Expr:
        expr = written(self.unit, step, members, operands)
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

    def _returning_named(self, results: Results) -> tuple[Stmt, ...]:
        """The named tuple; outside of training the one main output alone, if it is the only one."""
        refs = self.outputs
        if results.plain_in_eval or list(self.frame.pending) != refs:
            self.frame.name_all()
        spans = [self.frame.pending[ref].span for ref in refs if ref in self.frame.pending]
        if results.plain_in_eval:
            values: list[Expr] = [self.frame.bound[ref] for ref in refs]
            in_training = If(TRAINING_MODE, (Return((results.made(values),)),))
            return (*self.frame.statements, in_training, Return((values[0],)))
        values = [self._in_training_alone(ref, output) for ref, output in zip(refs, results.outputs)]
        place = origin(spans[-1]) if spans else None
        return (*self.frame.statements, Return((results.made(values),), place))

    def _in_training_alone(self, ref: Ref, output: Output) -> Expr:
        """An output's value; one of training may be there always, as another step's."""
        value = self.frame.read(ref, [])
        is_there = output.training and (ref[0] < 0 or not self.body.steps[ref[0]].one.place.within(TRAINING))
        return Ternary(value, TRAINING_MODE, Literal(None)) if is_there else value

    def _returning(self) -> tuple[Stmt, ...]:
        outputs = self.outputs
        if list(self.frame.pending) != outputs:
            self.frame.name_all()
        spans = [self.frame.pending[ref].span for ref in outputs if ref in self.frame.pending]
        values = tuple(self.frame.read(ref, []) for ref in outputs)
        return returning(tuple(self.frame.statements), values, origin(spans[-1]) if spans else None)


def _uses(members: Sequence[Member]) -> Counter[int]:
    """How often a step's expression mentions each operand."""
    node = members[0].node
    if not isinstance(node, Layer):
        return Counter(range(len(node.inputs)))
    counts: Counter[int] = Counter()
    stack: list[object] = [node.form.function]
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


def _line(span: Span) -> tuple[int, int]:
    return id(span.source), span.line
