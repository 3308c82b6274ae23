"""A class to be emitted: the graphs that it serves as one body, and the arguments that tell them apart."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from archdsl.elaborate.labels import MODULE_ATTRIBUTES
from archdsl.emit.align import Body
from archdsl.emit.along import along
from archdsl.emit.argument import Argument, Entry
from archdsl.emit.code import Expr, Infix, Literal, Name, Negative, Not
from archdsl.emit.derive import UNSUPPORTED, At, Leaf, common, equal, plain, source_of
from archdsl.emit.names import Names, variable
from archdsl.emit.numbering import INDEX
from archdsl.emit.survey import Survey
from archdsl.ir.graph import Input
from archdsl.ir.why import Why

if TYPE_CHECKING:
    from archdsl.emit.loops import Loop


class Unit:
    """One class. `shape` says how its children are held: see `register.py`."""

    def __init__(self, body: Body, survey: Survey, kind: str, name: str) -> None:
        self.body = body
        self.survey = survey
        self.kind = kind
        self.name = name
        self.number = {graph: i for i, graph in enumerate(body.graphs)}
        self.arguments: dict[tuple[Hashable, ...], Argument] = {}
        self._names = Names({INDEX} if body.loops else None)
        self._attributes = Names(_labels(body) | MODULE_ATTRIBUTES | {"training"})

    @property
    def everywhere(self) -> range:
        return range(len(self.body.graphs))

    # ---- slots

    def slot(self, entries: Sequence[Entry], hint: str, key: tuple[Hashable, ...], *, stored: bool = False) -> Expr:
        """The expression for a number: a literal if it is the same in all graphs, else one over the arguments."""
        if any(entry.turn is not None for entry in entries):
            return along(self, entries, hint, key, stored)
        whys = [entry.why for entry in entries if entry.why is not None]
        if (found := self.expression(entries, whys, stored)) is not None:
            return found
        if len(whys) == len(entries):
            key = _shared_key(whys) or key
        return self.use(self.argument(key, variable(hint), entries), stored)

    def expression(self, entries: Sequence[Entry], whys: Sequence[Why], stored: bool) -> Expr | None:
        """The literal that a number is everywhere, or what it is derived from; None if it has to be said each time."""
        if equal([entry.value for entry in entries]):
            return Literal(entries[0].value)
        if len(whys) == len(entries):
            found = common([At(why) for why in whys], [entry.turn for entry in entries])
            if found is not None and self.fits(found, entries):
                return self.settled(found, entries, stored)
        leaf = self._leaf_of_one(whys, entries)
        return None if leaf is None else self.settled(leaf, entries, stored)

    def argument(self, key: tuple[Hashable, ...], name: str, entries: Sequence[Entry]) -> Argument:
        """The argument of that key with these values; made at its first use, and again where the values differ."""
        again = 0
        while (*key, *[again] * (again > 0)) in self.arguments:
            argument = self.arguments[(*key, *[again] * (again > 0))]
            if all(equal([argument.values.get(entry.graph, entry.value), entry.value]) for entry in entries):
                break
            again += 1
        else:
            key = (*key, *[again] * (again > 0))
            argument = self.arguments[key] = Argument(key, self._names.take(name))
        for entry in entries:
            argument.values[entry.graph] = entry.value
            if entry.why is not None:
                argument.whys[entry.graph] = entry.why
        return argument

    def count(self, loop: Loop, *, stored: bool = False) -> Expr:
        """How many turns a loop has."""
        entries = [
            Entry(graph, count.value if count else 0, _end_of_range(count.why) if count else None)
            for graph, count in enumerate(loop.counts)
        ]
        label = next((step.numbering.prefix for step in loop.steps if step.numbering), "")
        hint = f"{variable(label, 'layer').rstrip('_')}s"
        return self.slot(entries, hint, ("count", loop.start), stored=stored)

    def use(self, argument: Argument, stored: bool = False) -> Name:
        """An argument by its name; in `forward` by the attribute that keeps it."""
        if not stored:
            return Name(argument.name)
        if argument.attribute is None:
            prefix = "has_" if argument.boolean and self._attributes.has(argument.name) else ""
            argument.attribute = self._attributes.take(prefix + argument.name)
        return Name(f"self.{argument.attribute}")

    def flag(self, present: Sequence[int], hint: str, parameter: str | None = None) -> Argument:
        """A boolean argument that tells these graphs from the others (true there, or false there and true elsewhere).

        parameter: the block's own that may be it.
        """
        there = set(present)
        values = [i in there for i in self.everywhere]
        if parameter is not None:
            given = [self._given(Leaf("param", parameter, ()), i) for i in self.everywhere]
            if given in (values, [not value for value in values]):
                entries = [Entry(i, value, Why("param", None, value, (), parameter)) for i, value in enumerate(given)]
                return self.argument(("param", parameter), variable(parameter), entries)
        return self.argument(("flag", tuple(present)), variable(hint), list(map(Entry, self.everywhere, values)))

    def _leaf_of_one(self, whys: Sequence[Why], entries: Sequence[Entry]) -> Leaf | None:
        """A leaf that one graph's number is derived from and that is right in all: graphs that lack a step derive what
        comes behind it in another way."""
        for rule, name in {
            (why.rule, why.name): None for why in map(source_of, whys) if why.rule in ("param", "input")
        }:
            given = [self._given(Leaf(rule, name, ()), entry.graph) for entry in entries]
            if all(equal([value, entry.value]) for value, entry in zip(given, entries)):
                leaf = Leaf(rule, name, tuple(Why(rule, None, value, (), name) for value in given))
                if self.fits(leaf, entries):
                    return leaf
        return None

    def fits(self, expr: Expr, entries: Sequence[Entry]) -> bool:
        """Whether its leaves are this unit's own: a step handed in speaks of its maker's parameters instead."""
        for leaf in _leaves(expr):
            if leaf.rule == "name":
                if not _constant(entries, leaf.values):
                    return False
                continue
            given = [self._given(leaf, i) for i in self.everywhere]
            if UNSUPPORTED in given or not all(equal([v, given[e.graph]]) for v, e in zip(leaf.values, entries)):
                return False
        return True

    def _given(self, leaf: Leaf, graph: int) -> object:
        owner = self.survey.owner[self.body.graphs[graph]]
        if leaf.rule == "param":
            traced = owner.params.get(leaf.name)
            return plain(traced.value) if traced else UNSUPPORTED
        operand, axis = map(int, leaf.name.split("."))
        shape = owner.inputs[operand].shape if operand < len(owner.inputs) else None
        return plain(shape.dims[axis]) if shape and axis < shape.rank else UNSUPPORTED

    def settled(self, expr: Expr, entries: Sequence[Entry], stored: bool) -> Expr:
        """The expression with arguments in place of its leaves."""
        match expr:
            case Leaf(rule=rule, name=name, whys=whys):
                if rule == "name":
                    told = [Entry(entry.graph, plain(why.value), why) for why, entry in zip(whys, entries)]
                else:
                    values = [self._given(expr, i) for i in self.everywhere]
                    told = [Entry(i, value, Why(rule, None, value, (), name)) for i, value in enumerate(values)]
                return self.use(self.argument(_leaf_key(expr), self._leaf_name(expr), told), stored)
            case Infix(op=op, left=left, right=right):
                return Infix(op, self.settled(left, entries, stored), self.settled(right, entries, stored))
            case Negative(value=value):
                return Negative(self.settled(value, entries, stored))
            case Not(value=value):
                return Not(self.settled(value, entries, stored))
            case _:
                return expr

    def _leaf_name(self, leaf: Leaf) -> str:
        if leaf.rule != "input":
            return variable(leaf.name)
        operand, axis = map(int, leaf.name.split("."))
        owner = self.survey.owner[self.body.graphs[0]]
        shape = owner.inputs[operand].shape
        if shape is None:
            what = f"axis{axis}"
        elif shape.channel_axis == axis:
            what = "channels"
        else:
            what = "features" if axis == shape.rank - 1 else f"axis{axis}"
        node = owner.inputs[operand].node
        return f"in_{what}" if operand == 0 or not isinstance(node, Input) else f"{variable(node.label)}_{what}"

    # ---- once all slots are known

    def finish(self) -> None:
        """Give arguments their defaults: the value that most calls give, where a call may leave it out."""
        weights = [max(1, len(self.survey.uses[graph])) for graph in self.body.graphs]
        for argument in self.arguments.values():
            not_everywhere = len(argument.values) < len(weights)
            if not_everywhere or argument.boolean or self._has_default(argument):
                argument.take_default(weights)

    def _has_default(self, argument: Argument) -> bool:
        """Whether some call left it out, so that the block has a default for it."""
        if argument.rule != "param" or self.kind != "block":
            return False
        return any(argument.key[1] not in scope.args for graph in self.body.graphs for scope in self.survey.uses[graph])

    @property
    def ordered(self) -> list[Argument]:
        """As the constructor takes them: inferred sizes, the block's parameters, what else differs; defaults behind."""
        owner = self.survey.owner[self.body.graphs[0]]
        params = list(owner.params)

        def rank(argument: Argument) -> tuple[object, ...]:
            rule, name = argument.key[0], argument.key[1]
            group = {"input": 0, "param": 1}.get(str(rule), 2)
            within = params.index(str(name)) if rule == "param" else 0
            return (argument.boolean, argument.default is not None, group, within)

        return sorted(self.arguments.values(), key=rank)  # type: ignore[arg-type]


def _end_of_range(why: Why) -> Why:
    """The number of turns over `0..n` is n itself."""
    found = why.operands[0] if why.rule == "len" else why
    while found.rule == "name" and found.operands:
        found = found.operands[0]
    return found.operands[1] if found.rule == ".." and found.operands[0].value == 0 else why


def _constant(entries: Sequence[Entry], values: Sequence[object]) -> bool:
    """Whether there is one value for each graph."""
    by_graph: dict[int, object] = {}
    return all(equal([by_graph.setdefault(entry.graph, value), value]) for entry, value in zip(entries, values))


def _labels(body: Body) -> set[str]:
    """Names that arguments may not have, since `self` has attributes of that name."""
    return {node.name[0] for step in body.steps for _, node in step.present if node.name}


def _leaves(expr: Expr) -> list[Leaf]:
    match expr:
        case Leaf():
            return [expr]
        case Infix(left=left, right=right):
            return _leaves(left) + _leaves(right)
        case Negative(value=value) | Not(value=value):
            return _leaves(value)
        case _:
            return []


def _leaf_key(leaf: Leaf) -> tuple[Hashable, ...]:
    if leaf.rule != "name":
        return leaf.rule, leaf.name
    return "name", leaf.name, leaf.whys[0].operands[0].span if leaf.whys[0].operands else None


def _shared_key(whys: Sequence[Why]) -> tuple[Hashable, ...] | None:
    """Slots share an argument if one piece of text made both."""
    span = whys[0].span
    return ("text", span) if span is not None and all(why.span == span for why in whys) else None
