"""How a class holds its children: its base class and its constructor.

    numbered: `nn.Sequential(a, b, c)`, each step handed what the one before made
    labelled: an `nn.Sequential` that assigns attributes
    free:     an `nn.Module` with a `forward` of its own

Children are made and registered in textual order, so that keys and the random stream are in that order too.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import groupby

from archdsl.emit import code, declare
from archdsl.emit.align import Body, Step
from archdsl.emit.code import Call, Expr, Literal, Name, Not, Times
from archdsl.emit.construct import Construction
from archdsl.emit.declare import form as start_form
from archdsl.emit.loops import Loop, Turned
from archdsl.emit.names import is_attribute
from archdsl.emit.numbering import INDEX
from archdsl.emit.segments import is_recomputed
from archdsl.emit.statements import Assign, Do, For, Function, If, Stmt
from archdsl.emit.unit import Unit
from archdsl.ir.graph import Declared, Layer, Node, Scope, Tie

NUMBERED, LABELLED, FREE = "numbered", "labelled", "free"


def form_of(body: Body) -> str:
    """The simplest form that holds a body's steps under their names."""
    if body.form is None:
        body.form = _form_of(body)
    return body.form


def _form_of(body: Body) -> str:
    if not _is_chain(body):
        return FREE
    if all(_is_numbered(body, i) for i in range(len(body.graphs))):
        return NUMBERED
    unregistered = any(not is_child(step) for step in body.steps)
    return FREE if unregistered or any(len(step.one.name or ()) != 1 for step in body.steps) else LABELLED


def _is_chain(body: Body) -> bool:
    """Whether each step has a module and takes what the one before made, the first the input; the last is returned."""
    if len(body.graphs[0].inputs) != 1 or any(graph.checks for graph in body.graphs):
        return False
    before = (-1, 0)
    for step in body.steps:
        if step.operands != (before,) or len(step.one.outputs) != 1 or not all(map(_has_module, _nodes(step))):
            return False
        if any(map(is_recomputed, _nodes(step))):
            return False
        before = (step.position, 0)
    return body.outputs == (before,)


def _is_numbered(body: Body, graph: int) -> bool:
    names = [step.nodes[graph].name for step in body.steps if step.nodes[graph] is not None]  # type: ignore[union-attr]
    return all(name == (str(i),) for i, name in enumerate(names))


def _nodes(step: Step) -> Iterator[Node]:
    return (node for _, node in step.present)


def _has_module(node: Node) -> bool:
    if node.runs is not None:
        return False
    return isinstance(node, Scope) or (isinstance(node, Layer) and node.form.module is not None)


def has_reason(step: Step) -> bool:
    """Whether it is a condition that lets a step in, where only some graphs have it."""
    return all(node.place.guards or (isinstance(node, Layer) and node.merges == "residual") for node in _nodes(step))


def registered(node: Node) -> bool:
    """Whether a `forward` calls the step as a child: it has weights, or a label. The rest are functions there."""
    if node.name is None or isinstance(node, Declared):
        return False
    return isinstance(node, Scope) or not node.name[-1].isdigit() or _layer(node).form.function is None


def is_child(step: Step) -> bool:
    """Whether a `forward` calls the step as a child in any graph, or what it calls differs."""
    if step.child is None:
        step.child = _is_child(step)
    return step.child


def _is_child(step: Step) -> bool:
    nodes = list(_nodes(step))
    if isinstance(step.one, Declared) or any(node.runs is not None for node in nodes):
        return False
    return any(map(registered, nodes)) or len({_layer(node).form.function_skeleton for node in nodes}) > 1


def can_be_held(body: Body) -> bool:
    """Whether one class can stand for all of the body's graphs: a child has one name, and a name one child."""
    if any(step.optional and not has_reason(step) for step in body.items if isinstance(step, Step)):
        return False
    if form_of(body) == NUMBERED:
        return True
    if any(graph.checks for graph in body.graphs) and any(step.optional for step in body.steps):
        return False  # a size would be compared before a step that is not there
    taken: set[tuple[str, ...]] = set()
    for step in body.steps:
        names = {node.name for node in _nodes(step)}
        if len({start_form(node.start) for node in _nodes(step) if isinstance(node, Declared)}) > 1:
            return False
        if len({node.runs for node in _nodes(step)}) > 1:
            return False
        if not is_child(step):
            continue
        name = step.one.name
        if len(names) > 1 or name is None or name in taken or not all(map(_has_module, _nodes(step))):
            return False
        if step.optional and len(name) > 1:
            return False  # its container would have to stand behind the condition, and be there without it
        taken.add(name)
    return True


def _layer(node: Node) -> Layer:
    assert isinstance(node, Layer)
    return node


def presence(unit: Unit, step: Step, *, stored: bool = False) -> Expr:
    """The test for a step that only some graphs have."""
    present = [i for i, _ in step.present]
    flag = unit.flag(present, _flag_hint(step), _deciding(step))
    name = unit.use(flag, stored)
    return name if flag.values[present[0]] else Not(name)


def _deciding(step: Step) -> str | None:
    """The boolean parameter that is the condition itself."""
    if not step.one.place.guards:
        return None
    why = step.one.place.guards[-1].condition.why
    while why.operands and len(why.operands) == 1 and why.rule in ("if", "not", "name"):
        why = why.operands[0]
    return why.name if why.rule == "param" and isinstance(why.value, bool) else None


def _flag_hint(step: Step) -> str:
    node = step.one
    if isinstance(node, Layer) and node.merges:
        return node.merges
    if node.name and not node.name[-1].isdigit():
        return node.name[-1]
    return node.op.name if isinstance(node, Layer) else _scope(node).graph.title or "extra"


def _scope(node: Node) -> Scope:
    assert isinstance(node, Scope)
    return node


class Register:
    """Writes one unit's constructor."""

    def __init__(self, unit: Unit, construction: Construction) -> None:
        self.unit = unit
        self.construction = construction
        self.form = form_of(unit.body)

    @property
    def base(self) -> str:
        return "nn.Module" if self.form == FREE else "nn.Sequential"

    def children(self) -> list[Stmt]:
        """The statements that make and register the children."""
        return list(self._numbered() if self.form == NUMBERED else self._assigned())

    def function(self, children: list[Stmt], behind: Sequence[Stmt] = ()) -> Function:
        """The whole constructor, once it is known what `forward` wants kept; `behind` comes last."""
        kept = [
            Assign((Name(f"self.{argument.attribute}"),), Name(argument.name))
            for argument in self.unit.ordered
            if argument.attribute is not None
        ]
        start = [] if self.form == NUMBERED else [Do(_super_init(()))]
        return Function(
            "__init__",
            tuple(argument.parameter for argument in self.unit.ordered),
            "None",
            (*start, *kept, *children, *map(_tied, self.unit.body.graphs[0].ties), *behind),
        )

    def child(self, step: Step) -> Expr:
        """The call that makes a step."""
        return self.construction.child(self.unit, step.members(self.unit.body), (step.position,))

    def _numbered(self) -> Iterator[Stmt]:
        first, *others = [*runs(self.unit.body.items)] or [[]]
        if isinstance(first, Loop) or (first and first[0].optional):
            first, others = [], [first, *others]
        yield Do(_super_init(self._rolled(first), spread=len(first) > 1))
        for run in others:
            if isinstance(run, Loop):
                yield self._loop(run, [_append(self.child(step)) for step in run.steps])
                continue
            appended = tuple(_append(child) for child in self._rolled(run))
            yield from (If(presence(self.unit, run[0]), appended),) if run[0].optional else appended

    def _is_held(self, step: Step) -> bool:
        return self.form != FREE or is_child(step) or isinstance(step.one, Declared)

    def _loop(self, loop: Loop, body: Sequence[Stmt]) -> For:
        index = Name(INDEX if any(step.numbering for step in loop.steps) and self.form != NUMBERED else "_")
        return For(index, Call(Name("range"), (self.unit.count(loop),)), tuple(body))

    def _rolled(self, steps: list[Step]) -> tuple[Expr, ...]:
        body = self.unit.body
        return self.construction.in_a_row(self.unit, [(step.members(body), (step.position,)) for step in steps])

    def _assigned(self) -> Iterator[Stmt]:
        containers: set[tuple[str, ...]] = set()
        for run in runs(self.unit.body.items):
            made: list[Stmt] = []
            children = list(filter(self._is_held, run.steps if isinstance(run, Loop) else run))
            for step in children:
                name = step.one.name or ()
                for depth in range(1, len(name)):
                    if name[:depth] not in containers:
                        containers.add(name[:depth])
                        made.append(_assign(name[:depth], Call(Name("nn.Module"))))
                if isinstance(step.one, Declared):
                    made.append(declare.registers(self.unit, step.members(self.unit.body), step.position))
                elif isinstance(run, list):
                    made.append(_assign(name, self.child(step)))
            if isinstance(run, Loop):
                yield from made
                if children:
                    yield self._loop(run, [_add(step, self.child(step)) for step in children])
                continue
            if self.form == FREE and len(run) == 1 and run[0].optional and has_own_test(run[0]):
                yield _assign(run[0].one.name or (), Literal(None))
            yield from (If(presence(self.unit, run[0]), tuple(made)),) if made and run[0].optional else made


def runs(items: Iterable[Step | Loop]) -> Iterator[list[Step] | Loop]:
    """Neighbours that the same graphs have, and loops."""
    for condition, run in groupby(items, key=_condition):
        items = list(run)
        if condition == LOOPS:
            yield from (item for item in items if isinstance(item, Loop))
        else:
            yield [item for item in items if isinstance(item, Step)]


def has_own_test(step: Step) -> bool:
    """Whether `self.downsample is None` tells that a graph lacks the step."""
    name = step.one.name
    return is_child(step) and name is not None and all(map(is_attribute, name))


LOOPS = "loops"


def _condition(step: Step | Loop) -> Hashable:
    """Equal for steps that the same graphs have; None for those that all have."""
    if isinstance(step, Loop):
        return LOOPS
    return tuple(i for i, _ in step.present) if step.optional else None


def _super_init(args: tuple[Expr, ...], *, spread: bool = False) -> Call:
    return Call(Name("super().__init__"), args, spread=spread and len(args) > 1)


def _append(child: Expr) -> Stmt:
    if isinstance(child, Times):
        return For(Name("_"), Call(Name("range"), (Literal(child.count),)), (_append(child.element),))
    return Do(Call(Name("self.append"), (child,)))


def _assign(name: tuple[str, ...], value: Expr) -> Stmt:
    """Register a child under its name, however that is spelled."""
    if is_attribute(name[-1]):
        return Assign((code.attribute(path(name[:-1]), name[-1]),), value)
    return Do(Call(code.attribute(path(name[:-1]), "add_module"), (Literal(name[-1]), value)))


def _tied(tie: Tie) -> Stmt:
    """Have one tensor under two names: `self.lm_head.weight = self.wte.weight`."""
    (step, name), (owner, source) = tie.modules
    tensor = code.attribute(path(owner), source) if source else path(owner)
    return Assign((code.attribute(path(step), name),), tensor)


def _add(step: Step, value: Expr) -> Stmt:
    """Register what a turn of a loop makes."""
    assert isinstance(step, Turned) and step.numbering is not None
    return Do(Call(code.attribute(path(step.numbering.container), "add_module"), (step.numbering.label, value)))


def path(name: tuple[str, ...]) -> Expr:
    """How a child is reached from `self`."""
    expr: Expr = Name("self")
    for part in name:
        if is_attribute(part):
            expr = code.attribute(expr, part)
        else:
            expr = Call(Name("getattr"), (expr, Literal(part)))
    return expr
