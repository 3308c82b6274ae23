"""Braces as values: `block prenorm(body: steps) { residual { layernorm -> body } }`, then `prenorm { attention(12) }`.

They are unfolded where the block uses them, into its scope, and see the names and labels of the place where they are
written. The block's own names mean nothing in them, nor theirs in the block. Values of the caller that they mention
cross the block's edge as further inputs.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import cast

from archdsl.elaborate.context import At, Elsewhere, Names
from archdsl.elaborate.flow import distinct, mentioned
from archdsl.elaborate.report import Failed
from archdsl.elaborate.scopes import ScopeBuilder
from archdsl.elaborate.values import Braces, Flow, Tensor, key, weight
from archdsl.elaborate.written import StepLabel
from archdsl.ir.graph import Input, Value
from archdsl.ir.why import Traced, Why
from archdsl.record import Record
from archdsl.source import Span
from archdsl.syntax import ast


def hand_over(body: ast.Body, at: At) -> Traced:
    """Braces written here, as an argument. Equal text that sees equal things has one number: it unfolds to the same."""
    words = at.session.words.get(body)
    if words is None:
        words = at.session.words[body] = tuple(_words(body))
    seen = [(word, value) for word in words if word is not None for value in _sees(word, at)]
    held = sum(weight(value) for _, value in seen)
    at.session.spend("work", len(words) + held // 2, body.span)
    values = distinct(tensor for _, value in seen for tensor in mentioned(value))
    places = {id(tensor.value): i for i, tensor in enumerate(values)}
    what = [(word, key(value), *(places[id(t.value)] for t in mentioned(value))) for word, value in seen]
    computed = object() if None in words else None  # what a computed label leads to can't be told beforehand
    braces = Braces(body, at, at.session.number((body, computed, *what)), values, held)
    return Traced(braces, Why("literal", body.span, braces))


def _words(body: ast.Body) -> dict[str | None, None]:
    """Every word in the text that may stand for something outside it, "in" for `@in`; None for a computed label."""
    found: dict[str | None, None] = {}
    todo: list[object] = [body]
    while todo:
        node = todo.pop()
        if isinstance(node, tuple):
            todo += cast("tuple[object, ...]", node)
        elif isinstance(node, ast.Var):
            found[node.name] = None
        elif isinstance(node, ast.Path):
            found[node.parts[0].text] = None
        elif isinstance(node, ast.Ref) and node.name is not None:
            found[node.name if isinstance(node.name, str) else None] = None
        if isinstance(node, Record) and not isinstance(node, Span):
            todo += vars(node).values()
    return found


def _sees(word: str, at: At) -> Iterator[object]:
    """What a word leads to here, as a name and as a label."""
    if word == "in":
        yield at.entry
    if (bound := at.names.find(word)) is not None:
        yield bound[0].value
    if (entry := at.find(word)) is not None:
        yield entry.tensor


def use_braces(braces: Braces, unit: ast.Use, label: StepLabel | None, at: At) -> Flow | None:
    """A step that is a parameter of type `steps`: the caller's braces unfold here, with a label in a group."""
    if unit.args is not None or unit.body is not None:
        from archdsl.errors.values import NoBraces

        error = NoBraces(f"`{unit.path.text}` takes nothing", "it stands for the braces behind the block's call")
        raise at.reporter.fail(error, unit.span)
    if label is not None:
        from archdsl.elaborate.groups import run_group

        return run_group(lambda inner: _unfold(braces, inner), label, unit.span, at)
    first = at.scope.unfolded.get(id(braces.body))
    if first is not None:
        raise _second_use(unit, first, at)
    at.scope.unfolded[id(braces.body)] = unit.span
    return _unfold(braces, at)


def _second_use(unit: ast.Use, first: Span, at: At) -> Failed:
    from archdsl.diagnostic import Help, Label
    from archdsl.errors.names import UnfoldedTwice

    word = unit.path.text
    labels = () if first is unit.span else (Label(first, "the first use"),)
    helps = (Help(f"give each use a label, as in `first: {word}`, or braces of its own, as in `{{ {word} }}`"),)
    return at.reporter.fail(UnfoldedTwice(word), unit.span, labels=labels, helps=helps)


def _unfold(braces: Braces, at: At) -> Flow | None:
    from archdsl.elaborate.statements import run_sequence

    there = braces.at
    known = len(at.scope.entries)
    inner = At(
        at.session,
        there.file,
        Names(Names(there.names, edge=True)),
        at.scope,
        block=there.block,
        entries=there.entries,
        current=at.current,
        turns=at.turns,
        guards=at.guards,
        region=at.region,
        elsewhere=Elsewhere(there, at.scope),
        split=at.split,
        device=at.device,
    )
    at.session.spend("work", braces.weight // 2, braces.body.span)
    with at.session.deeper(braces.body.span):
        result = run_sequence(braces.body, inner)
    at.scope.forget_since(known)
    return result


class Edge:
    """What braces take over a block's edge. `offered`: the values that they are known to mention.

    taken: those that became inputs of the block, in order, by their place among the offered; one that a computed label
           led to stands for itself, since such braces unfold for one place alone.
    """

    def __init__(self, offered: Sequence[Tensor], builder: ScopeBuilder) -> None:
        self.taken: list[int | Tensor] = []
        self._places = {id(tensor.value): i for i, tensor in enumerate(offered)}
        self._inside: dict[int, Value] = {}
        self._builder = builder

    def take(self, tensor: Tensor) -> Value:
        """A value of the caller as the block sees it."""
        known = id(tensor.value)
        if known not in self._inside:
            self._inside[known] = self._builder.add_input(_label(tensor), tensor.value.shape).value
            self.taken.append(self._places.get(known, tensor))
        return self._inside[known]


def _label(tensor: Tensor) -> str:
    """What the block calls a value that was taken along: as the caller does, if that gave it a name."""
    node = tensor.value.node
    if isinstance(node, Input):
        return node.label
    return node.name[-1] if node.name else "captured"


def offered_by(values: Sequence[object]) -> tuple[list[Tensor], Hashable]:
    """What the braces among a call's arguments mention, and which of these are one value."""
    found = [tensor for value in values for tensor in mentioned(value, within_braces=True)]
    first: dict[int, int] = {}
    return found, tuple(first.setdefault(id(tensor.value), i) for i, tensor in enumerate(found))
