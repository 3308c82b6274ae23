"""What a step of training moves between the devices of a group: counted on the graph, by transfer and direction.

    exchange of S bytes among n      forward (n - 1) S: each device sends its share to all others
                                     backward (n - 1) S: each sends the others' shares of its gradient, to be summed
    gather (what leaves a split)     forward (n - 1) S; backward each keeps its own part of the gradient: 0
    enter (what a split is handed)   forward 0, all have it; backward the sum of n gradients, 2 (n - 1) S
    on (steps of one device)         forward (n - 1) S of each result; backward (n - 1) S of each operand
    gradients of parameters that all devices have and each uses in its own way: 2 (n - 1) S a step

All are summed over the devices of the group; a sum over all that all get is counted as a ring does it (Patarasuk and
Yuan 2009, the least that there is): each device sends 2 (n - 1) / n of it. Only what has a gradient moves backward.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import prod

from archdsl.devices.local import Local, local
from archdsl.devices.local_ops import Enter, Exchanged, Gathered
from archdsl.devices.on import Entering, Telling, Told
from archdsl.devices.traffic_flow import Flowing, Run, runs
from archdsl.ir.graph import Layer, Program
from archdsl.ir.shape import ITEM_SIZES, Shape
from archdsl.record import Record
from archdsl.source import Span
from archdsl.state import tensors


class Amount(Record):
    """Bytes, or numbers, of a step: so many, and so many for each sample of the batch."""

    step: int = 0
    sample: int = 0

    def at(self, batch: int) -> int:
        """Of a step with so many samples."""
        return self.step + self.sample * batch

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.step + other.step, self.sample + other.sample)

    def __mul__(self, factor: int) -> Amount:
        return Amount(self.step * factor, self.sample * factor)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Amount) and (self.step, self.sample) == (other.step, other.sample)

    def __hash__(self) -> int:
        return hash((self.step, self.sample))


NOTHING = Amount()

ALL_GATHER, ALL_TO_ALL, ALL_REDUCE, BROADCAST = "all_gather", "all_to_all", "all_reduce", "broadcast"
"""The collectives that `processes.py` makes its calls of."""


class Move(Record):
    """One transfer.

    kind:     "exchange", "gather", "enter", "on", or "gradient".
    span:     where it is written; for what enters, the step that it enters; None for gradients.
    path:     of the scope that it stands in, or of the parameter.
    source:   the divided layer that the value comes from; "" before the first.
    reader:   the divided layer that reads it first; "" behind the last.
    values:   how many numbers the whole value has.
    forward:  bytes; `by_forward` is the collective that moves them.
    """

    kind: str
    span: Span | None
    path: str
    source: str
    reader: str
    values: Amount
    forward: Amount
    backward: Amount
    by_forward: str = ""
    by_backward: str = ""

    def between(self, source: str, reader: str) -> Move:
        """The same, once it is known who reads it, and what the whole network calls both."""
        amounts = self.values, self.forward, self.backward
        return Move(self.kind, self.span, self.path, source, reader, *amounts, self.by_forward, self.by_backward)

    @property
    def total(self) -> Amount:
        return self.forward + self.backward

    @property
    def of_result(self) -> bool:
        """It gathers what the network gives, for whoever computes the loss."""
        return self.kind == "gather" and not self.reader


class Traffic(Record):
    """Of one network on one group of devices; all amounts are summed over the group."""

    devices: int
    moves: tuple[Move, ...]

    @property
    def forward(self) -> Amount:
        return sum((move.forward for move in self.moves), NOTHING)

    @property
    def backward(self) -> Amount:
        return sum((move.backward for move in self.moves), NOTHING)

    @property
    def total(self) -> Amount:
        return self.forward + self.backward

    @property
    def results(self) -> Amount:
        """What gathers the network's results, which no other way to divide it is charged for."""
        return sum((move.total for move in self.moves if move.of_result), NOTHING)

    def by_collective(self) -> Mapping[str, Amount]:
        """The bytes that each kind of collective moves."""
        found: dict[str, Amount] = {}
        for kind, amount in self._by_call():
            found[kind] = found.get(kind, NOTHING) + amount
        return found

    def calls(self) -> Mapping[str, int]:
        """How often each kind of collective is called in a step, about: what is recomputed is called again."""
        return Counter(kind for kind, _ in self._by_call())

    def _by_call(self) -> Iterator[tuple[str, Amount]]:
        for move in self.moves:
            for kind, amount in ((move.by_forward, move.forward), (move.by_backward, move.backward)):
                if amount != NOTHING:
                    yield kind, amount


class Sizes:
    """Sizes of values as functions of the batch: free sizes other than the batch are nominal."""

    def __init__(self, program: Program, batch_name: str) -> None:
        self._one, self._two = ({**program.nominal, batch_name: size} for size in (1, 2))

    def numbers(self, shape: Shape) -> Amount:
        """How many numbers a value has."""
        one, two = prod(shape.at(self._one)), prod(shape.at(self._two))
        return Amount(2 * one - two, two - one)

    def bytes(self, shape: Shape) -> Amount:
        return self.numbers(shape) * ITEM_SIZES[shape.dtype]


def traffic(program: Program, batch_name: str) -> Traffic:
    """What a step moves of a network that speaks of devices. Raises `NotLocal`."""
    own = local(program, 0)
    return Traffic(own.mesh.size, (*_moves(own, batch_name), *gradients(program, own)))


def transfers(own: Local, batch_name: str) -> Iterator[tuple[Run, Sequence[Move]]]:
    """Every run of a layer in one device's network, with what it moves: nothing, for most."""
    counted = _Counted(own, Sizes(own.program, batch_name))
    for run in runs(own.program):
        yield run, list(counted.moves(run))


def _moves(own: Local, batch_name: str) -> Iterator[Move]:
    found: list[tuple[Run, Move]] = []
    waiting: dict[Flowing, list[Run]] = {}
    readers: dict[Run, str] = {}
    steps = {"": ""}
    for run, moves in transfers(own, batch_name):
        behind = [one for value in run.inputs for one in waiting.get(value, ()) if one not in readers]
        if run.node.op.divided:
            steps[run.path] = own.step(run.node, run.path)
            readers.update(dict.fromkeys(behind, run.path))
            continue
        if moves:
            found += ((run, move) for move in moves)
            behind.append(run)
        if behind:
            for value in run.outputs:
                waiting.setdefault(value, []).extend(behind)
    for run, move in found:
        yield move.between(steps[move.source], steps[readers.get(run, "")])


class _Counted:
    """Runs of transfers, counted."""

    def __init__(self, own: Local, sizes: Sizes) -> None:
        self.others = own.mesh.size - 1
        self.sizes = sizes

    def moves(self, run: Run) -> Iterator[Move]:
        op = run.node.op
        came = [value.shape for value in run.node.inputs if value.shape is not None]
        gradient = [value.gradient for value in run.inputs]
        if isinstance(op, Told):
            backward = [shape for shape, needed in zip(came, gradient) if needed and not isinstance(op, Telling)]
            forward = _made(run.node) if not isinstance(op, Entering) else ()
            if forward or backward:
                yield self._told(run, forward, backward)
        elif isinstance(op, Enter):
            back = self.sizes.bytes(came[0]) * 2 * self.others if gradient[0] else NOTHING
            if back != NOTHING:
                yield self._move(run, "enter", came[0], NOTHING, back, "", ALL_REDUCE)
        elif isinstance(op, Exchanged | Gathered):
            whole = _made(run.node)[0]
            forward = self.sizes.bytes(whole) * self.others
            exchanged = isinstance(op, Exchanged)
            back = forward if exchanged and gradient[0] else NOTHING
            kind = "exchange" if exchanged else "gather"
            by = ALL_GATHER if len(set(op.sizes)) == 1 else ALL_TO_ALL
            yield self._move(run, kind, whole, forward * (1 + run.recomputed), back, by, ALL_TO_ALL)

    def _told(self, run: Run, forward: Sequence[Shape], backward: Sequence[Shape]) -> Move:
        there, back = (
            sum((self.sizes.bytes(shape) for shape in shapes), NOTHING) * self.others for shapes in (forward, backward)
        )
        shape = (*forward, *backward)[0]
        return self._move(run, "on", shape, there * (1 + run.recomputed), back, BROADCAST, BROADCAST)

    def _move(
        self, run: Run, kind: str, shape: Shape, forward: Amount, backward: Amount, by_forward: str, by_backward: str
    ) -> Move:
        source = next((value.maker for value in run.inputs if value.maker), "")
        numbers = self.sizes.numbers(shape)
        span = run.node.place.span
        return Move(kind, span, run.path, source, "", numbers, forward, backward, by_forward, by_backward)


def _made(node: Layer) -> tuple[Shape, ...]:
    return tuple(value.shape for value in node.outputs if value.shape is not None)


def gradients(program: Program, own: Local) -> Iterator[Move]:
    """Parameters that every device has, but uses in its own way: a tied one wherever it is used."""
    frozen = frozen_keys(program)
    for held in tensors(program):
        if held.key in own.summed and held.trainable and (held.tied or held.key) not in frozen:
            numbers = Amount(prod(held.shape))
            moved = numbers * ITEM_SIZES[held.dtype] * 2 * (own.mesh.size - 1)
            path = held.key
            yield Move("gradient", held.node.place.span, path, "", "", numbers, NOTHING, moved, "", ALL_REDUCE)


def frozen_keys(program: Program) -> frozenset[str]:
    """The keys of parameters that are not trained."""
    scopes: list[str] = []
    for path, node, _ in program.graph.walk():
        if getattr(node, "frozen", False) and node.runs is None:
            scopes.append(".".join(path))
    return frozenset(held.key for held in tensors(program) if any(held.key.startswith(f"{scope}.") for scope in scopes))
