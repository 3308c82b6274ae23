"""Dataflow -> the statements of a `forward`, one for each line of the spec.

Steps of one line become one nested expression; what is read twice, or crosses a line, gets a variable.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import cast

from archdsl.emit.align import Member, Ref, Step
from archdsl.emit.code import Call, Expr, Infix, Literal, Name, Ternary
from archdsl.emit.compare import compared, comparisons
from archdsl.emit.construct import Construction
from archdsl.emit.frame import LOCALS, Frame, Pending, origin
from archdsl.emit.layout import STEP, block, fits
from archdsl.emit.loops import Loop, Turned
from archdsl.emit.names import Names, variable
from archdsl.emit.numbering import INDEX
from archdsl.emit.register import has_own_test, is_child, path, presence, runs
from archdsl.emit.results import TRAINING_MODE, Results
from archdsl.emit.statements import Assign, For, Function, If, Parameter, Return, Stmt
from archdsl.emit.unit import Unit
from archdsl.emit.write import torch_form, written
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
        self.child_variable: Name | None = None

    def function(self) -> Function:
        """The whole method."""
        for region, items in self._stretches():
            if region is None:
                self._items(items)
            else:
                self._in_training(items)
        if self.results is not None and self.results.named:
            self._return_named(self.results)
        else:
            self._return()
        many = ", ".join(["Tensor"] * len(self.body.outputs))
        returns = "Tensor" if len(self.body.outputs) == 1 else f"tuple[{many}]"
        returns = self.results.annotation if self.results is not None else returns
        parameters = tuple(Parameter(name.text, "Tensor") for name in self.inputs)
        return Function("forward", parameters, returns, tuple(self.frame.statements))

    def _stretches(self) -> Iterator[tuple[Region | None, list[Step | Loop]]]:
        """Steps and loops in the order in which they run, each side chain of training apart."""

        def region(item: Step | Loop) -> Region | None:
            step = item.steps[0] if isinstance(item, Loop) else item
            return step.one.place.within(TRAINING) if self.results is not None else None

        for key, items in groupby(self.body.schedule, key=region):
            yield key, list(items)

    def _items(self, items: list[Step | Loop]) -> None:
        for run in runs(items):
            if isinstance(run, Loop):
                self._loop(run)
                continue
            exit_ = self._only_exit(run) if len(run) > 1 and run[0].optional else None
            if exit_ is not None:
                self._block(run, exit_)
            else:
                for step in run:
                    self._step(step, optional=step.optional, alone=len(run) == 1)

    # ---- values

    def _same_values(self) -> dict[Ref, Ref]:
        """Results that are their step's operand itself (identity)."""
        same: dict[Ref, Ref] = {}
        for step in self.body.steps:
            if isinstance(step.one, Layer) and not is_child(step) and isinstance(torch_form(step.one).function, X):
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
        names = Names({INDEX} if self.body.loops else None)
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
        self._settle_in(exit_, target)
        body, self.frame.statements = self.frame.statements, outside
        self.frame.statements.append(If(test, tuple(body)))
        self.frame.keep(exit_, target)

    # ---- loops

    def _loop(self, loop: Loop) -> None:
        """`for i in range(n):` and a turn's statements, the last of which makes anew the value that goes round."""
        self.frame.name_all()
        entering = self.same.get(loop.enters, loop.enters)
        kept = self._count_one_turn(loop)
        target = self._variable_for(entering, self.frame.left[entering] > 0)
        made, last = loop.carried[1], loop.carried[-1]
        after = self.frame.left[last]
        self.frame.bound[loop.carried[0]] = target
        self.frame.left[made] = 1
        outside, self.frame.statements = self.frame.statements, []
        self.child_variable = self._only_child(loop)
        for step in loop.steps:
            self._step(step, optional=False)
        self._settle_in(made, target)
        body, self.frame.statements = self.frame.statements, outside
        self.frame.statements.append(self._header(loop, tuple(body)))
        self.frame.left[last] = after
        self.frame.bound.pop(made, None)
        self.frame.keep(last, target)
        self.frame.forget(kept)

    def _header(self, loop: Loop, body: tuple[Stmt, ...]) -> For:
        if self.child_variable is not None:
            return For(self.child_variable, Call(Name("self.children")), body)
        used = any(re.search(rf"\b{INDEX}\b", line) for line in block(body, 0))
        return For(Name(INDEX if used else "_"), Call(Name("range"), (self.unit.count(loop, stored=True),)), body)

    def _count_one_turn(self, loop: Loop) -> list[Ref]:
        """Have values be read as often as the one turn that is written reads them. Those from outside, which it gives
        back, are to last for all turns."""
        kept: dict[Ref, None] = {}
        for turn, steps in enumerate(loop.turns):
            for ref in (ref for step in steps for ref in self._operands(step) if loop.outside(ref)):
                if turn == 1:
                    kept[ref] = None
                else:
                    self.frame.left[ref] -= 1
        for ref in kept:
            self.frame.left[ref] += 1
        return list(kept)

    def _variable_for(self, ref: Ref, still_read: bool) -> Name:
        """The variable of a value that is to be replaced; another one, if the value itself is read later."""
        before = self.frame.bound[ref]
        if not still_read and before.text in LOCALS:
            return self.frame.bound.pop(ref)
        target = self.frame.new_name()
        self.frame.statements.append(Assign((target,), before))
        return target

    def _settle_in(self, ref: Ref, target: Name) -> None:
        """Have a value end in a certain variable."""
        self.frame.name(ref, target)
        if self.frame.bound[ref].text != target.text:
            self.frame.statements.append(Assign((target,), self.frame.bound[ref]))
            self.frame.release([self.frame.bound[ref]])

    def _only_child(self, loop: Loop) -> Name | None:
        """The variable for the children, where each turn calls one and there are no others."""
        children = [step for step in loop.steps if is_child(step)]
        others = any(is_child(step) for step in self.body.items if isinstance(step, Step))
        if len(children) != 1 or others or len(self.body.loops) > 1:
            return None
        (child,) = children
        assert isinstance(child, Turned) and child.numbering is not None
        if child.numbering.container:
            return None
        names = Names({INDEX, *LOCALS, *(name.text for name in self.inputs)})
        return Name(names.take(variable(re.sub(r"[^A-Za-z]+$", "", child.numbering.prefix) or "layer")))

    # ---- steps that run in training only

    def _in_training(self, items: list[Step | Loop]) -> None:
        """`aux = self.aux(x) if self.training else None`, or the same as statements."""
        assert self.results is not None
        inside = {position for item in items for position in _positions(item)}
        found = [i for i, ref in enumerate(self._outputs) if ref[0] in inside]
        if not found:
            return  # identities alone: the output is a value that is there anyway
        exit_ = self._outputs[found[0]]
        self.frame.name_all()
        target = self.frame.reserve(self.results.outputs[found[0]].label)
        outside, self.frame.statements = self.frame.statements, []
        self._items(items)
        waiting = self.frame.pending.get(exit_)
        if waiting is not None and not self.frame.statements:
            one = Ternary(waiting.expr, TRAINING_MODE, Literal(None))
            if fits(Assign((target,), one, origin=origin(waiting.span)), 2 * STEP):
                waiting.expr = one
                self.frame.name(exit_, target)
                self.frame.statements = [*outside, *self.frame.statements]
                return
        self._settle_in(exit_, target)
        body, self.frame.statements = self.frame.statements, outside
        self.frame.statements += [Assign((target,), Literal(None)), If(TRAINING_MODE, tuple(body))]
        self.frame.keep(exit_, target)

    # ---- steps

    def _step(self, step: Step, *, optional: bool, alone: bool = False) -> None:
        """One step. An optional one is skipped where a graph lacks it; `alone`: no neighbour shares its condition."""
        self._compare_sizes(step)
        if (step.position, 0) in self.same or isinstance(step.one, Declared):
            return
        refs = self._operands(step)
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

    def _skippable(self, step: Step, expr: Expr, skipped: Expr, alone: bool) -> Expr:
        """The step, or what it is skipped for. Only a child that stands alone is there as None where it is lacking."""
        if alone and has_own_test(step):
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

    def _return_named(self, results: Results) -> None:
        """The named tuple; outside of training the one main output alone, if it is the only one."""
        refs = self._outputs
        if results.plain_in_eval or list(self.frame.pending) != refs:
            self.frame.name_all()
        spans = [self.frame.pending[ref].span for ref in refs if ref in self.frame.pending]
        if results.plain_in_eval:
            values: list[Expr] = [self.frame.bound[ref] for ref in refs]
            self.frame.statements.append(If(TRAINING_MODE, (Return((results.made(values),)),)))
            self.frame.statements.append(Return((values[0],)))
            return
        values = [self._in_training_alone(ref, output) for ref, output in zip(refs, results.outputs)]
        self.frame.statements.append(Return((results.made(values),), origin(spans[-1]) if spans else None))

    def _in_training_alone(self, ref: Ref, output: Output) -> Expr:
        """An output's value; one of training may be there always, as another step's."""
        value = self.frame.read(ref, [])
        is_there = output.training and (ref[0] < 0 or not self.body.steps[ref[0]].one.place.within(TRAINING))
        return Ternary(value, TRAINING_MODE, Literal(None)) if is_there else value

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


def _positions(item: Step | Loop) -> Sequence[int]:
    return range(item.start, item.end) if isinstance(item, Loop) else (item.position,)


def _line(span: Span) -> tuple[int, int]:
    return id(span.source), span.line
