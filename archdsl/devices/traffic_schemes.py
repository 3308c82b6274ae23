"""Other ways to divide a network over devices, and what each would move, so that a `split` can be held against them.

data parallelism     each device has all weights and a part of the batch; gradients are summed: 2 (n - 1) P a step
one weird trick      convolutions that way; linear layers share out their units, and what they read is exchanged
                     (Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks")
exchange everywhere  every layer shares out its outputs, and every layer sees all of what it reads

What gathers the network's results is left out of all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod

from archdsl.devices.traffic import frozen_keys
from archdsl.devices.traffic_amounts import NOTHING, Amount, Sizes, Traffic
from archdsl.devices.traffic_flow import Flowing, runs
from archdsl.ir.graph import Layer, Program
from archdsl.ir.shape import ITEM_SIZES
from archdsl.record import Record
from archdsl.state import Held, tensors

SPLIT = "as written"
DATA = "data parallel"
TRICK = "one weird trick"
EVERYWHERE = "exchange everywhere"


class Scheme(Record):
    """One way to divide it.

    equal: the batch from which on, or up to which, it moves less than the split does; None: there is none.
    first, last: the batches at which it moves the least of all; last None: from `first` on; both None: never.
    """

    name: str
    moved: Amount
    equal: Fraction | None
    first: int | None
    last: int | None


def schemes(program: Program, traffic: Traffic | None, devices: int, batch_name: str) -> tuple[Scheme, ...]:
    """What each way moves, the split first where there is one."""
    sizes = Sizes(program, batch_name)
    moved = {} if traffic is None else {SPLIT: traffic.total + traffic.results * -1}
    others = devices - 1
    moved[DATA] = _summed(program, others, lambda _: True)
    moved[TRICK] = _summed(program, others, lambda held: not _is_linear(held.node)) + _exchanged(
        program, sizes, others, _is_linear
    )
    moved[EVERYWHERE] = _exchanged(program, sizes, others, lambda _: True)
    lines = list(moved.values())
    first = lines[0]
    return tuple(
        Scheme(name, amount, _equal(first, amount) if traffic else None, *_cheapest(amount, lines))
        for name, amount in moved.items()
    )


def _is_linear(node: object) -> bool:
    return isinstance(node, Layer) and node.op.divided and node.op.role == "dense"


def _summed(program: Program, others: int, counts: Callable[[Held], bool]) -> Amount:
    """The sum of the gradients of some parameters over all devices."""
    frozen = frozen_keys(program)
    held = (one for one in tensors(program) if one.trainable and not one.tied and one.key not in frozen)
    return Amount(sum(prod(one.shape) * ITEM_SIZES[one.dtype] for one in held if counts(one)) * 2 * others)


def _exchanged(program: Program, sizes: Sizes, others: int, counts: Callable[[Layer], bool]) -> Amount:
    """An exchange of each value that one of some layers reads, if a layer made it."""
    total = NOTHING
    seen: set[Flowing] = set()
    for run in runs(program):
        if not (run.node.op.divided and counts(run.node)):
            continue
        for value, shape in zip(run.inputs, (value.shape for value in run.node.inputs)):
            if shape is not None and value.maker and value not in seen:
                seen.add(value)
                total += sizes.bytes(shape) * others * (2 if value.gradient else 1)
    return total


def _equal(one: Amount, other: Amount) -> Fraction | None:
    """The batch at which both move the same."""
    if one.sample == other.sample:
        return None
    batch = Fraction(other.step - one.step, one.sample - other.sample)
    return batch if batch > 0 else None


def _cheapest(one: Amount, all_: Sequence[Amount]) -> tuple[int | None, int | None]:
    """The batches, from 1, at which it moves the least; of equals the first wins."""
    low, high = 1, None
    for place, other in enumerate(all_):
        if other is one:
            continue
        slope, gap = other.sample - one.sample, one.step - other.step  # it wins where slope * batch >= gap
        if all_.index(one) > place:
            gap += 1  # and by at least a byte
        if slope > 0:
            low = max(low, -(-gap // slope))
        elif slope == 0:
            if gap > 0:
                return None, None
        else:
            limit = gap // slope  # batch <= gap / slope, both negative where it ever wins
            high = limit if high is None else min(high, limit)
    if high is not None and high < low:
        return None, None
    return low, high
