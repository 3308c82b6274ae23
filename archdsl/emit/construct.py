"""What makes a child: the constructor call that stands for one step in all the graphs of a unit."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

from archdsl.emit.align import Body, Member, align, signature
from archdsl.emit.along import Unrollable
from archdsl.emit.argument import Argument, Entry, Factory
from archdsl.emit.code import Call, Expr, Lambda, Literal, Name, attribute
from archdsl.emit.derive import equal, plain
from archdsl.emit.fresh import Freshness
from archdsl.emit.names import variable
from archdsl.emit.roll import rolled
from archdsl.emit.survey import Survey
from archdsl.emit.torch_forms import module_form
from archdsl.emit.unit import Unit
from archdsl.emit.write import Writer, layer_of
from archdsl.ir.graph import Graph, Layer, Node, Scope
from archdsl.ir.why import Why
from archdsl.ops import form

Key = tuple[Hashable, ...]


class Construction:
    """Writes constructor calls; knows which class stands for which graph."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        self.freshness = Freshness()
        self.unit_of: dict[Graph, Unit] = {}
        """The class of a graph; a group that is not here is written out where it stands."""

    def child(self, unit: Unit, members: Sequence[Member], key: Key, hint: str | None = None) -> Expr:
        """The call that makes a step. `hint` names the argument that makes it, where it differs from graph to graph."""
        if len({self.kind(member.node) for member in members}) > 1:
            made = self._factory(unit, members, key, hint or _word(members[0].node))
            in_place = all(self.in_place(member) and _is_bare(member.node) for member in members)
            return Call(made, (), (("inplace", Literal(True)),) if in_place else ())
        first = members[0].node
        if isinstance(first, Layer):
            made = self._layer(unit, members, key)
        elif (made_by := self.unit_of.get(_scope(first).graph)) is not None:
            made = self._call(unit, made_by, members, key)
        else:
            made = self._sequence(unit, members, key)
        return self._frozen(made, unit, members, key)

    def _frozen(self, made: Expr, unit: Unit, members: Sequence[Member], key: Key) -> Expr:
        """The step, its parameters trained or not."""
        entries = [Entry(member.graph, not is_frozen(member.node), None, member.turn) for member in members]
        if all(entry.value for entry in entries):
            return made
        trained = unit.slot(entries, "trained", ("trained", *key))
        return Call(attribute(made, "requires_grad_"), (trained,))

    def kind(self, node: Node) -> Hashable:
        """What must be the same for one constructor call to stand for several steps."""
        if isinstance(node, Layer):
            return node.form.module_skeleton
        graph = _scope(node).graph
        return self.unit_of.get(graph) or signature(self.survey, graph)

    def _factory(self, unit: Unit, members: Sequence[Member], key: Key, hint: str) -> Name:
        """The argument that makes the step; one for all steps that are made alike in every graph."""
        entries = [Entry(member.graph, Factory(member.node, member.home), None, member.turn) for member in members]
        _refuse_change(entries)
        for argument in unit.arguments.values():
            known = [(argument.values[entry.graph], entry.value) for entry in entries if entry.graph in argument.values]
            if known and all(_alike(*pair) for pair in known):
                for entry in entries:
                    argument.values.setdefault(entry.graph, entry.value)
                return unit.use(argument)
        return unit.use(unit.argument(("factory", *key), variable(hint), entries))

    # ---- one op

    def _layer(self, unit: Unit, members: Sequence[Member], key: Key) -> Expr:
        made = Writer(unit, members, key).call([module_form(layer_of(member)) for member in members])
        if all(self.in_place(member) for member in members):
            return Call(made.callee, made.args, (*made.kwargs, ("inplace", Literal(True))))
        return made

    def in_place(self, member: Member) -> bool:
        """Whether an activation may overwrite its operand. One that several steps share can't know."""
        layer = member.node
        return (
            isinstance(layer, Layer)
            and not member.shared
            and layer.op.role == "activation"
            and layer.form.inplace
            and self.freshness.overwritable(member.home, layer.inputs[0])
        )

    # ---- a group that is written out where it stands

    def _sequence(self, unit: Unit, members: Sequence[Member], key: Key) -> Expr:
        body = align(self.survey, [_scope(member.node).graph for member in members])
        assert body is not None, "groups are written out only where they can be matched"
        children = self.children(unit, body, members, key)
        return Call(Name("nn.Sequential"), children, spread=len(children) > 1)

    def children(self, unit: Unit, body: Body, around: Sequence[Member], key: Key) -> tuple[Expr, ...]:
        """The calls that make a group's steps, equal neighbours rolled; `around` are the group itself."""
        steps = [[_within(around[k], node, body.graphs[k]) for k, node in step.present] for step in body.steps]
        return self.in_a_row(unit, [(members, (*key, position)) for position, members in enumerate(steps)])

    def in_a_row(self, unit: Unit, steps: Sequence[tuple[Sequence[Member], Key]]) -> tuple[Expr, ...]:
        """The calls that make neighbours, equal ones rolled."""
        made: list[tuple[Hashable, Expr]] = []
        before: Sequence[Member] = ()
        for members, key in steps:
            again = made and _as_before(before, members)
            expr = made[-1][1] if again else self.child(unit, members, key)
            made.append((members[0].node.place.span, expr))
            before = members
        return tuple(rolled(made))

    # ---- a class of the module

    def _call(self, unit: Unit, made_by: Unit, members: Sequence[Member], key: Key) -> Expr:
        args: list[Expr] = []
        kwargs: list[tuple[str, Expr]] = []
        skipped = False
        for argument in made_by.ordered:
            given = self._given(unit, made_by, argument, members, key)
            if given is None or (argument.default is not None and same(given, argument.default)):
                skipped = True
            elif skipped or argument.boolean:
                kwargs.append((argument.name, given))
            else:
                args.append(given)
        return Call(Name(made_by.name), tuple(args), tuple(kwargs))

    def _given(self, unit: Unit, made_by: Unit, argument: Argument, members: Sequence[Member], key: Key) -> Expr | None:
        """What is passed for an argument; None if no member needs it."""
        here = [(member, made_by.number[_scope(member.node).graph]) for member in members]
        here = [(member, number) for member, number in here if number in argument.values]
        if not here:
            return None
        slot = (*key, *argument.key)
        if argument.factory:
            made = [(member, argument.values[number]) for member, number in here]
            steps = [
                Member(m.graph, f.node, f.home, foreign=True, shared=True, turn=m.turn)
                for m, f in made
                if isinstance(f, Factory)
            ]
            return _callable(self.child(unit, steps, slot, argument.name))
        entries = [
            Entry(member.graph, argument.values[number], _why(argument, member, number, made_by.kind), member.turn)
            for member, number in here
        ]
        return unit.slot(entries, argument.name, slot)


def _as_before(before: Sequence[Member], members: Sequence[Member]) -> bool:
    """Whether what made the one step plainly makes the other: in every graph they have the same text and graph."""
    return len(before) == len(members) and all(
        isinstance(one.node, Scope)
        and isinstance(other.node, Scope)
        and one.node.graph is other.node.graph
        and one.node.frozen == other.node.frozen
        and one.node.place.span is other.node.place.span
        and (one.graph, one.home, one.turn) == (other.graph, other.home, other.turn)
        for one, other in zip(before, members)
    )


def _within(member: Member, node: Node, home: Graph) -> Member:
    """A step of something that is written out where it stands."""
    return Member(member.graph, node, home, member.foreign or home.kind == "block", member.shared, member.turn)


def _why(argument: Argument, member: Member, number: int, kind: str) -> Why | None:
    """Where an argument's value came from, in terms of the block that the call stands in."""
    if member.foreign:
        return None
    if kind == "group":
        return argument.whys.get(number)
    scope = _scope(member.node)
    if argument.rule == "param":
        traced = scope.args.get(str(argument.key[1]))
        return traced.why if traced else None
    if argument.rule == "input":
        operand, axis = map(int, str(argument.key[1]).split("."))
        shape = scope.inputs[operand].shape
        return shape.dims[axis].why if shape else None
    return None


def same(left: Expr, right: Expr) -> bool:
    """Whether two expressions are one literal."""
    return isinstance(left, Literal) and isinstance(right, Literal) and equal([left.value, right.value])


def _word(node: Node) -> str:
    """What a step is called where it is written: a parameter's name, or its own label."""
    written = re.match(r"[A-Za-z_][A-Za-z0-9_]*", node.place.span.text)
    return written[0] if written else "child"


def _refuse_change(entries: Sequence[Entry]) -> None:
    """An argument makes the same in all turns of a loop."""
    made: dict[int, object] = {}
    if not all(_alike(made.setdefault(entry.graph, entry.value), entry.value) for entry in entries):
        raise Unrollable


def _alike(left: object, right: object) -> bool:
    """Whether two factories make the same."""
    if not isinstance(left, Factory) or not isinstance(right, Factory):
        return False
    one, other = left.node, right.node
    if isinstance(one, Layer) and isinstance(other, Layer):
        has_weights = one.form.function is None
        same_weights = one.frozen == other.frozen and one.inputs[0].shape == other.inputs[0].shape
        return one.op == other.op and (not has_weights or same_weights)
    return (
        isinstance(one, Scope) and isinstance(other, Scope) and one.graph is other.graph and one.frozen == other.frozen
    )


def is_frozen(node: Node) -> bool:
    """Whether a step says that its parameters are not trained."""
    return isinstance(node, (Layer, Scope)) and node.frozen


def _is_bare(node: Node) -> bool:
    """Whether its class alone makes a step, so that a factory of it takes what else is said."""
    if not isinstance(node, Layer):
        return False
    call = module_form(node)
    defaults = dict(call.defaults)
    return not call.args and all(
        name in defaults and equal([_value(node, value), _value(node, defaults[name])]) for name, value in call.kwargs
    )


def _value(layer: Layer, word: object) -> object:
    return plain(getattr(layer.op, word.name) if isinstance(word, form.P) else word)


def _callable(call: Expr) -> Expr:
    """What makes a child when it is called."""
    bare = isinstance(call, Call) and not call.args and not call.kwargs
    return call.callee if isinstance(call, Call) and bare else Lambda(call)


def _scope(node: Node) -> Scope:
    assert isinstance(node, Scope)
    return node
