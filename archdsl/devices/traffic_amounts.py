"""What moves in a step of training, and how much, as a function of the batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from archdsl.ir.graph import Program
from archdsl.ir.shape import ITEM_SIZES, Shape
from archdsl.record import Record
from archdsl.source import Span


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
SEND = "send"
"""What stages hand on, from one device to one."""


class Move(Record):
    """One transfer.

    kind:     "exchange", "gather", "enter", "on", "stage", or "gradient".
    span:     where it is written; for what enters, the step that it enters; None for gradients.
    path:     of the scope that it stands in, or of the parameter.
    source:   the divided layer that the value comes from, or the stage; "" before the first.
    reader:   the divided layer that reads it first, or the stage; "" behind the last.
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
        """The same, once it is known whose it is and who reads it."""
        amounts = self.values, self.forward, self.backward
        return Move(self.kind, self.span, self.path, source, reader, *amounts, self.by_forward, self.by_backward)

    @property
    def total(self) -> Amount:
        return self.forward + self.backward

    def by_call(self) -> Iterator[tuple[str, Amount]]:
        """The bytes of each collective that is called for it."""
        for kind, amount in ((self.by_forward, self.forward), (self.by_backward, self.backward)):
            if amount != NOTHING:
                yield kind, amount

    @property
    def of_result(self) -> bool:
        """It gathers what the network gives, for whoever computes the loss."""
        return self.kind == "gather" and not self.reader


class Traffic(Record):
    """Of one network on its devices; all amounts are summed over them. `split`: how many share out a stage."""

    devices: int
    moves: tuple[Move, ...]
    split: int

    def among(self, move: Move) -> int:
        """How many devices take part in a transfer; several pairs do in what stages hand on."""
        return 1 if move.kind == "stage" else self.split

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

    def _by_call(self) -> Iterator[tuple[str, Amount]]:
        for move in self.moves:
            yield from move.by_call()


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
