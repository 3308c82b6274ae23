"""What the devices of a group tell each other, in order: proved from the graph that all take part in the same.

    device 0: all_gather 96x27x27, all_reduce ...        forward, as its network runs; backward, the other way round
    device 1: all_gather 96x27x27, all_reduce ...

Two devices with different sequences would wait for each other for ever, or take one value for another. The backward
pass runs what the forward pass ran in the opposite order, one step at a time: PyTorch picks, of the steps whose
gradient is there, the one that ran last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from math import prod
from typing import NamedTuple

from archdsl.devices.error import refused
from archdsl.devices.local import Local, local
from archdsl.devices.local_ops import Enter, Exchanged, Gathered, NotLocal
from archdsl.devices.on import Elsewhere, Entering, Telling
from archdsl.devices.traffic_flow import Run, runs
from archdsl.errors.devices import UnlikeSequences
from archdsl.ir.graph import Layer, Program
from archdsl.ir.shape import ITEM_SIZES, Shape
from archdsl.ir.shares import Device, Mesh
from archdsl.record import Record


class Transfer(NamedTuple):
    """All devices take part in it.

    kind:  the collective: "all_gather", "reduce_scatter", "all_reduce" or "broadcast".
    shape: of the whole value, written out; free sizes by their names.
    bytes: of the whole value, at the sizes that reports take.
    of:    for a broadcast the device that tells; for a gathering the parts of all.
    """

    kind: str
    shape: str
    bytes: int
    of: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} of {self.shape}"


class Transfers(Record):
    """One device's transfers."""

    forward: tuple[Transfer, ...]
    backward: tuple[Transfer, ...]


def sequence(own: Local) -> Transfers:
    """What one device takes part in, in a step of training. Raises `NotLocal` where devices may not do so together.

    What is in a `checkpoint` is told again in the backward pass, all of it (`again.py`), as soon as that needs a value
    that was not kept.
    """
    forward: list[Transfer] = []
    behind: list[list[Transfer]] = []
    for segment, together in groupby(runs(own.program), lambda run: run.segment):
        told: list[Transfer] = []
        back: list[list[Transfer]] = []
        for run in together:
            own_told = [*_forward(run, own.program)]
            if own_told:
                _need_alike(run)
            told += own_told
            back.append([*_backward(run, own.program), *_gradients(run, own)])
        forward += told
        behind.append([*(told if segment else ()), *(each for run in reversed(back) for each in run)])
    return Transfers(tuple(forward), tuple(each for steps in reversed(behind) for each in steps))


def _need_alike(run: Run) -> None:
    """All devices tell it again at the same moment: they keep the same values of a segment, and need them in one order.

    That does not hold for steps of one device, of which the others keep nothing; within two segments nobody looked.
    """
    if run.recomputed and isinstance(run.node.op, Telling | Elsewhere):
        raise NotLocal("a `checkpoint` around an `on` would run it again on one device only; put it into the `on`")
    if run.recomputed > 1:
        raise NotLocal("it exchanges values within two `checkpoint`s; put one of them around steps between exchanges")


def prove(program: Program, mesh: Mesh) -> None:
    """All devices of the group have the same sequence, or `DevicesError`."""
    cuts = [local(program, device) for device in range(mesh.size)]
    compare([sequence(each) for each in cuts], mesh, program)


def compare(found: Sequence[Transfers], mesh: Mesh, program: Program) -> None:
    """Of all devices, in their order. Raises `DevicesError` at the first difference."""
    for device, other in enumerate(found[1:], 1):
        for way in ("forward", "backward"):
            pairs = zip_longest(getattr(found[0], way), getattr(other, way))
            for number, (here, there) in enumerate(pairs, 1):
                if here != there:
                    names = str(Device(mesh, 0)), str(Device(mesh, device))
                    shown = str(here or "nothing"), str(there or "nothing")
                    raise refused(UnlikeSequences(*names, way, number, *shown), program)


def _forward(run: Run, program: Program) -> Iterator[Transfer]:
    op, node = run.node.op, run.node
    if isinstance(op, Exchanged | Gathered):
        yield _transfer("all_gather", node.outputs[0].shape, program, *op.sizes)
    elif isinstance(op, Telling | Elsewhere):
        for value in node.outputs:
            yield _transfer("broadcast", value.shape, program, op.device)


def _backward(run: Run, program: Program) -> Iterator[Transfer]:
    op, node = run.node.op, run.node
    if isinstance(op, Exchanged) and run.inputs[0].gradient:
        yield _transfer("reduce_scatter", node.outputs[0].shape, program, *op.sizes)
    elif isinstance(op, Enter) and run.inputs[0].gradient:
        yield _transfer("all_reduce", node.outputs[0].shape, program)
    elif isinstance(op, Entering | Elsewhere):
        for value, flowing in zip(node.inputs, run.inputs):
            if flowing.gradient:
                yield _transfer("broadcast", value.shape, program, op.device)


def _gradients(run: Run, own: Local) -> Iterator[Transfer]:
    """Of parameters that all devices have and each uses in its own way."""
    node: Layer = run.node
    for tensor in node.op.state(*(value.shape for value in node.inputs)):
        if tensor.trainable and f"{run.path}.{tensor.name}" in own.summed:
            size = prod(tensor.shape) * ITEM_SIZES[tensor.dtype]
            yield Transfer("all_reduce", f"{run.path}.{tensor.name}", size)


def _transfer(kind: str, shape: Shape | None, program: Program, *of: int) -> Transfer:
    assert shape is not None, "a checked network knows its shapes"
    return Transfer(kind, repr(shape), prod(shape.at(program.nominal)) * ITEM_SIZES[shape.dtype], of)
