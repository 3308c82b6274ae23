"""A lint: an `exchange` that would move less a few steps later or earlier, where that changes no value.

    exchange -> maxpool(3x3, stride=2)      746,496 bytes a sample
    maxpool(3x3, stride=2) -> exchange      173,056

An exchange may pass a step that keeps maps apart (`Op.follows`) and is the same op on a share as on the whole. A
normalisation over neighbouring maps is not: on a share it sees other neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import prod

from archdsl.diagnostic import Edit, Help, Label
from archdsl.elaborate.report import Reporter
from archdsl.ir.bodies import bodies_first
from archdsl.ir.graph import Graph, Layer, Node, Value
from archdsl.ir.readers import readers as readers_of
from archdsl.ir.shape import ITEM_SIZES, Shape
from archdsl.ir.shares import Shares
from archdsl.ops.apart import followed, groups_of
from archdsl.ops.exchange import Exchange
from archdsl.ops.uneven import Uneven
from archdsl.source import Span

BETWEEN = re.compile(r"(?P<gap>(?:\s|->|;|#[^\n]*\n)+)(?P<label>[A-Za-z_]\w*[^\S\n]*:[^\S\n]*)?")
"""What may stand between two steps that change places: an arrow or the end of a line, then the second one's label."""


class _Move:
    """One exchange, moved along a chain of steps: these are what it passes, `there` the bytes that it then moves."""

    __slots__ = ("here", "later", "passed", "there")

    def __init__(self, passed: Sequence[Layer], later: bool, here: int, there: int) -> None:
        self.passed = passed
        self.later = later
        self.here = here
        self.there = there

    @property
    def to(self) -> tuple[Span, bool]:
        return self.passed[-1].place.span, self.later


def check_exchanges(graph: Graph, sizes: Mapping[str, int], reporter: Reporter) -> None:
    """Warn of exchanges that stand at a larger value than they need to. `sizes`: what free sizes are taken to be."""
    found: dict[Span, list[tuple[Layer, list[_Move]]]] = {}
    for body in bodies_first(graph):
        exchanges = [node for node in body.nodes if isinstance(node, Layer) and isinstance(node.op, Exchange)]
        read_by = readers_of(body) if exchanges else {}
        for node in exchanges:
            found.setdefault(node.place.span, []).append((node, list(_moves(node, read_by, sizes))))
    for span, places in found.items():
        # What a loop or a block repeats is one place in the text: it is moved everywhere, or not.
        shared = [to for to in {move.to: None for move in places[0][1]} if all(_has(moves, to) for _, moves in places)]
        sums = [_sum([move for _, moves in places for move in moves if move.to == to]) for to in shared]
        best = min(sums, key=lambda move: (move.there, len(move.passed), move.later), default=None)
        if best is not None and best.there < best.here:
            _report(span, places[0][0], best, reporter)


def _has(moves: Sequence[_Move], to: tuple[Span, bool]) -> bool:
    return any(move.to == to for move in moves)


def _moves(node: Layer, readers: Mapping[Value, Sequence[Node | None]], sizes: Mapping[str, int]) -> Iterator[_Move]:
    came = node.inputs[0].shape
    if came is None or came.shares is None or node.name is not None:
        return
    here = _bytes(came, sizes)
    passed: list[Layer] = []
    shares, value = came.shares, node.outputs[0]
    while (step := _only_reader(value, readers)) is not None and _adjacent(passed[-1] if passed else node, step):
        axis = _follows(step, shares)
        if axis is None:
            break
        passed.append(step)
        value, shares = step.outputs[0], Shares(shares.split, axis)
        # A step without a label is read by what stands behind it, which then reads the exchange.
        if value.shape is not None and (_unlabelled(step) or len(readers.get(value, ())) == 1):
            yield _Move(tuple(passed), True, here, _bytes(value.shape, sizes))
    passed = []
    value = node.inputs[0]
    while isinstance(step := value.node, Layer) and len(readers[value]) == 1:
        last = passed[-1] if passed else node
        shape = step.inputs[0].shape if len(step.inputs) == 1 else None
        if shape is None or shape.shares is None or not _adjacent(step, last) or not _unlabelled(step):
            break
        if _follows(step, shape.shares) is None:
            break
        passed.append(step)
        value = step.inputs[0]
        yield _Move(tuple(passed), False, here, _bytes(shape, sizes))


def _only_reader(value: Value, readers: Mapping[Value, Sequence[Node | None]]) -> Layer | None:
    reader, *others = readers.get(value, (None,))
    return reader if isinstance(reader, Layer) and not others else None


def _follows(step: Layer, shares: Shares) -> int | None:
    """Along which axis the step's result is shared out where its operand is, if each number is what it is on the whole;
    None: it isn't."""
    op, shape = step.op, step.inputs[0].shape
    if len(step.inputs) != 1 or len(step.outputs) != 1 or shape is None or op.draws or op.divided:
        return None
    if isinstance(op, Uneven) or (groups_of(op) > 1 and "groups" not in step.args):
        return None  # one for each device, since it is fed a share
    return followed(op, shares, shape)


def _adjacent(first: Node, second: Node) -> bool:
    """Whether the one is written straight behind the other, so that they can change places."""
    one, two = first.place, second.place
    return (
        (one.region, one.turns, one.guards, one.split, one.device)
        == (two.region, two.turns, two.guards, two.split, two.device)
        and one.span.source is two.span.source
        and BETWEEN.fullmatch(one.span.source.text[one.span.end : two.span.start]) is not None
    )


def _unlabelled(step: Node) -> bool:
    return step.name is None or step.name[-1].isdecimal()


def _bytes(shape: Shape, sizes: Mapping[str, int]) -> int:
    """What is told to the other devices, as often as there are others."""
    return prod(shape.at(sizes)) * ITEM_SIZES[shape.dtype]


def _sum(moves: Sequence[_Move]) -> _Move:
    return _Move(moves[0].passed, moves[0].later, sum(m.here for m in moves), sum(m.there for m in moves))


def _report(span: Span, node: Layer, move: _Move, reporter: Reporter) -> None:
    from archdsl.errors.devices import LargerExchange

    split = node.place.split
    others = split.size - 1 if split else 1
    step = move.passed[-1]
    side = "behind" if move.later else "before"
    where = f"{side} `{step.op.name}`"
    error = LargerExchange(move.here * others, move.there * others, where)
    labels = (Label(step.place.span, f"{side} this it is {move.there * others:,}"),)
    reporter.report(error, span, labels=labels, helps=(Help(f"move it {where}", _edit(span, move)),))


def _edit(span: Span, move: _Move) -> Edit:
    """The exchange and the steps that it passes change places; what stands between stays."""
    source, text = span.source, span.source.text
    near, far = move.passed[0].place.span, move.passed[-1].place.span
    first, second = (span, near) if move.later else (near, span)
    between = BETWEEN.fullmatch(text[first.end : second.start])
    assert between is not None, "steps that change places are adjacent"
    gap, label = between["gap"], between["label"] or ""
    if move.later:
        return Edit(Span(source, span.start, far.end), f"{label}{text[near.start : far.end]}{gap}exchange")
    return Edit(Span(source, far.start, span.end), f"exchange{gap}{text[far.start : near.end]}")
