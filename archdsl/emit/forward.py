"""Dataflow -> the statements of a `forward`, one for each line of the spec.

Steps of one line become one nested expression; what is read twice, or crosses a line, gets a variable. Expressions
that wait for their reader are written in the order they were made, so the order of evaluation is the textual one:
random numbers are drawn, and values overwritten, exactly where the spec says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import cast

from archdsl.emit.align import Ref, Step
from archdsl.emit.code import Call, Expr, Infix, Literal, Name, Subscript, Ternary, attribute
from archdsl.emit.construct import Construction
from archdsl.emit.names import Names, variable
from archdsl.emit.register import has_own_test, is_child, path, presence, runs
from archdsl.emit.statements import Assign, Function, If, Origin, Parameter, Raise, Return, Stmt
from archdsl.emit.unit import Member, Unit
from archdsl.emit.write import Writer, layer_of, torch_form
from archdsl.ir.graph import Input, Layer, Node
from archdsl.ops.form import Axis, X
from archdsl.source import Span

LOCALS = ("x", "y", "z", "u", "v", "w")
"""Names of local variables, in the order they are taken."""

ROOM = 84
"""An expression longer than this gets a variable, so that a statement fits on its line."""


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


class Forward:
    """Writes one unit's `forward`."""

    def __init__(self, unit: Unit, construction: Construction) -> None:
        self.unit = unit
        self.construction = construction
        self.body = unit.body
        self.statements: list[Stmt] = []
        self.bound: dict[Ref, Name] = {}
        self.pending: dict[Ref, Pending] = {}
        self.same = self._same_values()
        self.left = self._count_readers()
        self.parameters = self._bind_inputs()
        self.free = [name for name in LOCALS if name not in {parameter.name for parameter in self.parameters}]
        self.made = 0
        self.checks = _checks(unit)

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
        return Function("forward", self.parameters, returns, tuple(self.statements))

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

    def _bind_inputs(self) -> tuple[Parameter, ...]:
        names = Names()
        for i, value in enumerate(self.body.graphs[0].inputs):
            label = value.node.label if isinstance(value.node, Input) else "x"
            name = names.take(variable(label, "x"))
            self.bound[(~i, 0)] = Name(name)
        return tuple(Parameter(name.text, "Tensor") for name in self.bound.values())

    def _read(self, ref: Ref, last: list[Name]) -> Expr:
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

    def _release(self, names: Sequence[Name]) -> None:
        """Variables that may be used anew."""
        self.free += [name.text for name in names if name.text in LOCALS or re.fullmatch(r"x\d+", name.text)]
        self.free.sort(key=lambda text: (len(text), LOCALS.index(text[0])))

    def _new_name(self) -> Name:
        if not self.free:
            self.made += 1
            taken = {parameter.name for parameter in self.parameters}
            while f"x{self.made}" in taken:
                self.made += 1
            self.free.append(f"x{self.made}")
        return Name(self.free.pop(0))

    def _name(self, ref: Ref, wanted: Name | None = None) -> None:
        """Give a pending value a variable, and all that were made before it: they come first."""
        while ref in self.pending:
            first = next(iter(self.pending))
            value = self.pending.pop(first)
            self._release(value.last)
            name = self.bound[first] = wanted if wanted and first == ref else self._new_name()
            self.statements.append(Assign((name,), value.expr, origin=_origin(value.span)))

    def _name_all(self) -> None:
        for ref in list(self.pending):
            self._name(ref)

    # ---- steps that only some graphs have

    def _only_exit(self, run: list[Step]) -> Ref | None:
        """The one value of a run that is read outside it; None if there are more, or none."""
        inside = Counter(ref for step in run for ref in self._operands(step))
        made = [(step.position, index) for step in run for index in range(len(step.one.outputs))]
        if not self.same.keys().isdisjoint(made):
            return None
        exits = [ref for ref in made if self.left[ref] > inside[ref]]
        return exits[0] if len(exits) == 1 and exits[0][0] == run[-1].position else None

    def _block(self, run: list[Step], exit_: Ref) -> None:
        """`if self.flag:` and the run's statements, the last of which replaces what the run is skipped for."""
        self._name_all()
        skipped = exit_
        while skipped[0] >= run[0].position:
            skipped = self._operands(self.body.steps[skipped[0]])[0]
        test = presence(self.unit, run[0], stored=True)
        before = self.bound[skipped]
        inside = sum(self._operands(step).count(skipped) for step in run)
        target = before
        if self.left[skipped] > inside or before.text not in LOCALS:
            target = self._new_name()
            self.statements.append(Assign((target,), before))
        outside, self.statements = self.statements, []
        for step in run:
            self._step(step, optional=False)
        self._name(exit_, target)
        if self.bound[exit_] is not target and self.bound[exit_].text != target.text:
            self.statements.append(Assign((target,), self.bound[exit_]))
            self._release([self.bound[exit_]])
        body, self.statements = self.statements, outside
        self.statements.append(If(test, tuple(body)))
        self._keep(exit_, target)

    def _keep(self, ref: Ref, target: Name) -> None:
        """Have a value in a certain variable, whichever it was given."""
        self.bound[ref] = target
        if target.text in self.free:
            self.free.remove(target.text)

    # ---- steps

    def _step(self, step: Step, *, optional: bool, alone: bool = False) -> None:
        """One step. An optional one is skipped where a graph lacks it; `alone`: no neighbour shares its condition."""
        for check in self.checks.get(step.position, ()):
            self._check(check, step)
        if (step.position, 0) in self.same:
            return
        refs = self._operands(step)
        members = [Member(i, node, self.body.graphs[i]) for i, node in step.present()]
        self._settle_operands(step, members, refs, optional)
        if not optional and self._added_in_place(step, members, refs):
            return
        steps = 1 + sum(self.pending[ref].steps for ref in refs if ref in self.pending)
        holds = self._reads_own_last(refs) and self._makes_value(members)
        last: list[Name] = []
        operands = [self._read(ref, last) for ref in refs]
        expr = self._expression(step, members, operands)
        if optional:
            expr = self._skippable(step, expr, operands[0], alone)
        pending = Pending(expr, step.one.place.span, steps, last, holds=holds)
        if len(step.one.outputs) > 1:
            self._unpack(step, pending)
            return
        ref = (step.position, 0)
        self.pending[ref] = pending
        if self.left[ref] != 1 or len(expr.flat()) > ROOM:
            self._name(ref)

    def _settle_operands(self, step: Step, members: Sequence[Member], refs: list[Ref], optional: bool) -> None:
        """Give variables to operands that can't stand in the step's own expression."""
        waiting = [ref for ref in refs if ref in self.pending]
        if waiting != list(self.pending)[len(self.pending) - len(waiting) :]:
            self._name_all()
            return
        merges = isinstance(step.one, Layer) and step.one.merges
        uses = _uses(members)
        for i, ref in enumerate(refs):
            if ref not in self.pending:
                continue
            value = self.pending[ref]
            together = _line(value.span) == _line(step.one.place.span) or (merges and value.steps == 1)
            crowded = value.holds and self._makes_value(members)
            if not together or crowded or uses[i] != 1 or (optional and i == 0):
                self._name(ref)
        room = sum(len(self.pending[ref].expr.flat()) for ref in refs if ref in self.pending)
        if room > ROOM - 30:
            self._name_all()

    def _reads_own_last(self, refs: list[Ref]) -> bool:
        """Whether a step with these operands is the last to read a value of this frame, not one handed in."""
        return any(
            self.pending[ref].holds if ref in self.pending else ref[0] >= 0 and self.left[ref] == refs.count(ref)
            for ref in refs
        )

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

    def _unpack(self, step: Step, value: Pending) -> None:
        self._name_all()
        self._release(value.last)
        refs = [(step.position, index) for index in range(len(step.one.outputs))]
        for ref in refs:
            self.bound[ref] = self._new_name()
        targets = tuple(self.bound[ref] for ref in refs)
        self.statements.append(Assign(targets, value.expr, origin=_origin(value.span)))
        self._release([self.bound.pop(ref) for ref in refs if not self.left[ref]])

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
        self._name(target)
        if target not in self.bound or self.left[target] != 1:
            return False
        last: list[Name] = []
        shortcut = self._read(other, last)
        name = self.bound.pop(target)
        self.bound[(step.position, 0)] = name
        self.statements.append(Assign((name,), shortcut, "+", _origin(node.place.span)))
        self._release(last)
        return True

    def _return(self) -> None:
        outputs = self._outputs
        if list(self.pending) != outputs:
            self._name_all()
        spans = [self.pending[ref].span for ref in outputs if ref in self.pending]
        values = tuple(self._read(ref, []) for ref in outputs)
        last = self.statements[-1] if self.statements else None
        if isinstance(last, Assign) and not last.op and [last.targets] == [values]:
            self.statements[-1] = Return((last.value,), last.origin)
        else:
            self.statements.append(Return(values, _origin(spans[-1]) if spans else None))

    # ---- sizes that only a run can compare

    def _check(self, check: Comparison, step: Step) -> None:
        self._name_all()
        axis, *operands = check
        refs = self._operands(step)
        left, right = (Subscript(attribute(self.bound[refs[i]], "shape"), Literal(axis)) for i in operands)
        origin = _origin(step.one.place.span)
        message = f"{origin.file}:{origin.line}: the sizes along axis {axis} differ"
        error = Raise(Call(Name("ValueError"), (Literal(message),)))
        self.statements.append(If(Infix("!=", left, right), (error,), origin))


Comparison = tuple[int, int, int]
"""An axis, and the two operands whose sizes along it must be equal."""


def _checks(unit: Unit) -> dict[int, list[Comparison]]:
    """What to compare before each step. What one graph leaves open and another proves is compared in both."""
    position = {id(node): step.position for step in unit.body.steps for _, node in step.present()}
    found: dict[int, dict[Comparison, None]] = {}
    for graph in unit.body.graphs:
        for check in graph.checks:
            operands = [id(value) for value in check.node.inputs]
            comparison = (check.axis, operands.index(id(check.left)), operands.index(id(check.right)))
            found.setdefault(position[id(check.node)], {})[comparison] = None
    return {at: list(comparisons) for at, comparisons in found.items()}


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
        elif isinstance(word, Axis):
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


def _origin(span: Span) -> Origin:
    return Origin(span.source.name.rpartition("/")[2], span.line)
