"""What the devices of a split compute, hold and send, step by step of the whole network.

    whole network     conv1 -> relu -> exchange -> conv2
    device 0 of 2     conv1 (half of the maps) -> relu -> exchange (sends 1/2, hears 1/2) -> conv2 (half)

Every device has its own network (`devices/local.py`), whose costs are as `Measured` has them; what it sends is counted
as `traffic.py` does. The devices go in step, as each exchange waits for all: a step takes as long as on the one that
takes longest, and counts with the memory of the one that needs most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil

from archdsl.devices.local import Local, local
from archdsl.devices.local_ops import Exchanged, Gathered
from archdsl.devices.on import Elsewhere, Told
from archdsl.devices.plan.flow import Around, Flow, Flowing, Step, owners
from archdsl.devices.plan.measure import Measured, StepCost
from archdsl.devices.traffic import gradients, transfers
from archdsl.devices.traffic_amounts import NOTHING, Amount, Move
from archdsl.ir.graph import Layer, Node, Program
from archdsl.ir.shares import Mesh
from archdsl.ops.op import Op

Place = tuple[Node, ...]
"""A step of an unfolded network: the scopes around it, from outside, and itself."""


class Parts:
    """The devices of a split that differ from one another, each with its network."""

    def __init__(self, flow: Flow, mesh: Mesh, batch_name: str) -> None:
        self.devices = [_Device(flow, number, batch_name) for number in unlike(flow.program, mesh)]

    def measured(self, batch_name: str, microbatch: int) -> MeasuredParts:
        return MeasuredParts([device.measured(batch_name, microbatch) for device in self.devices])


class MeasuredParts:
    """As `Measured`, of a device of a split: at each step the one that has most to do, and the one that holds most."""

    def __init__(self, devices: Sequence[_MeasuredDevice]) -> None:
        self.devices = devices
        self.steps = [_most(costs) for costs in zip(*(device.steps for device in devices))]

    def bytes(self, value: Flowing) -> int:
        return max(device.bytes(value) for device in self.devices)

    def kept(self, value: Flowing) -> bool:
        return any(device.kept(value) for device in self.devices)


def unlike(program: Program, mesh: Mesh) -> list[int]:
    """One device of each kind: those have the same parts of everything, and no steps of their own."""
    places = [node.place for _, node, _ in program.graph.walk()]
    splits = {place.split for place in places if place.split is not None}
    alone = {place.device.number for place in places if place.device is not None}
    kinds: dict[object, int] = {}
    for number in range(mesh.size):
        kind = number if number in alone else tuple(split.by[number] for split in splits)
        kinds.setdefault(kind, number)
    return list(kinds.values())


def _most(costs: Sequence[StepCost]) -> StepCost:
    if len(costs) == 1:
        return costs[0]
    return StepCost(*(max(getattr(cost, name) for cost in costs) for name in StepCost.fields))


class _Device:
    """One device's network. `origins` says for each of its steps for which step of the whole one it is there."""

    def __init__(self, whole: Flow, number: int, batch_name: str) -> None:
        self.own = local(whole.program, number)
        self.flow = Flow(self.own.program)
        self.origins = _origins(whole, self.flow, self.own)
        self.sent = _sent(whole.program, self.own, self.flow, batch_name)
        self.values = _values(whole, self.flow, self.origins)
        self.count = len(whole.steps)

    def measured(self, batch_name: str, microbatch: int) -> _MeasuredDevice:
        return _MeasuredDevice(self, Measured(self.flow, batch_name, microbatch), microbatch)


class _MeasuredDevice:
    def __init__(self, device: _Device, measured: Measured, microbatch: int) -> None:
        self.device = device
        self.measured = measured
        found = [[0] * len(StepCost.fields) for _ in range(device.count)]
        for number, cost in enumerate(measured.steps):
            sums = found[device.origins[number]]
            for place, name in enumerate(StepCost.fields):
                sums[place] += getattr(cost, name)
        told = StepCost.fields.index("sent_bytes")
        for number, amount in device.sent.items():
            found[device.origins[number]][told] += amount.at(microbatch)
        self.steps = [StepCost(*sums) for sums in found]

    def bytes(self, value: Flowing) -> int:
        own = self.device.values.get(value)
        return 0 if own is None else self.measured.bytes(own)

    def kept(self, value: Flowing) -> bool:
        own = self.device.values.get(value)
        return own is not None and self.measured.kept(own)


def _origins(whole: Flow, flow: Flow, own: Local) -> list[int]:
    """For each step of one device's network, the number of a step of the whole network.

    What is there for the sake of a scope goes with the first step that reads it; what nobody reads, with what it reads.
    """
    numbers = {_place(step, {}): number for number, step in enumerate(whole.steps)}
    found = [numbers.get(_place(step, own.origins)) for step in flow.steps]
    for number in reversed(range(len(found))):
        if found[number] is None:
            readers = (reader for value in flow.steps[number].outputs for reader in value.readers)
            found[number] = next((found[reader] for reader in readers), None)
    for number, step in enumerate(flow.steps):
        if found[number] is None:
            found[number] = next((found[value.maker] for value in step.inputs if value.maker >= 0), 0)
    return [number or 0 for number in found]


def _place(step: Step, origins: Mapping[Node, Node]) -> Place:
    scopes: list[Node] = [step.node]
    around: Around | None = step.around
    while around is not None and around.scope is not None:
        scopes.append(around.scope)
        around = around.outer
    return tuple(origins.get(node, node) for node in reversed(scopes))


def _values(whole: Flow, flow: Flow, origins: Sequence[int]) -> Mapping[Flowing, Flowing]:
    """The whole network's values, as a device holds them where they are made."""
    found = dict(zip(whole.inputs, flow.inputs))
    for number, step in enumerate(flow.steps):
        origin = whole.steps[origins[number]]
        if isinstance(step.node, Layer) and isinstance(step.node.op, Told):
            continue
        if len(origin.outputs) == len(step.outputs):  # what stands before it has the operand's shape, and comes first
            found.update(zip(origin.outputs, step.outputs))
    return found


def _sent(program: Program, own: Local, flow: Flow, batch_name: str) -> Mapping[int, Amount]:
    """By step, the bytes that the device sends to the others of the split."""
    found: dict[int, Amount] = {}
    layers = (number for number, step in enumerate(flow.steps) if isinstance(step.node, Layer))
    for number, (run, moves) in zip(layers, transfers(own, batch_name), strict=True):
        for move in moves:
            found[number] = found.get(number, NOTHING) + _by_device(move, run.node.op, own)
    users = owners(flow)
    for move in gradients(program, own):
        for owner in (move.path, move.path.rpartition(".")[0]):
            for number in users.get(owner, ())[:1]:
                found[number] = found.get(number, NOTHING) + _share(move.backward, Fraction(1, own.mesh.size))
    return found


def _by_device(move: Move, op: Op, own: Local) -> Amount:
    """What one device sends of a transfer, whose amounts are summed over all."""
    others = own.mesh.size - 1
    if isinstance(op, Told):
        return NOTHING if isinstance(op, Elsewhere) else move.total
    if isinstance(op, Exchanged | Gathered) and others:
        part = Fraction(op.sizes[own.device], sum(op.sizes))
        return _share(move.forward, part) + _share(move.backward, (1 - part) / others)
    return _share(move.total, Fraction(1, own.mesh.size))


def _share(amount: Amount, part: Fraction) -> Amount:
    return Amount(ceil(amount.step * part), ceil(amount.sample * part))
