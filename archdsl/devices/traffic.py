"""What a step of training moves between the devices of a group: counted on the graph, by transfer and direction.

    exchange of S bytes among n      forward (n - 1) S: each device sends its share to all others
                                     backward (n - 1) S: each sends the others' shares of its gradient, to be summed
    gather (what leaves a split)     forward (n - 1) S; backward each keeps its own part of the gradient: 0
    enter (what a split is handed)   forward 0, all have it; backward the sum of n gradients, 2 (n - 1) S
    on (steps of one device)         forward (n - 1) S of each result; backward (n - 1) S of each operand
    gradients of parameters that all devices have and each uses in its own way: 2 (n - 1) S a step
    stage (what a stage hands to the next, or on to a later one)    forward n S: each of the n devices of its split
                                     sends it to its counterpart; backward n S

All are summed over the devices of the group; a sum over all that all get is counted as a ring does it (Patarasuk and
Yuan 2009, the least that there is): each device sends 2 (n - 1) / n of it. Only what has a gradient moves backward.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from archdsl.devices.addresses import joined
from archdsl.devices.local import Local, group_mesh, local
from archdsl.devices.local_ops import Enter, Exchanged, Gathered
from archdsl.devices.on import Entering, Telling, Told
from archdsl.devices.stages import Stage, carries_gradient, staged
from archdsl.devices.traffic_amounts import (
    ALL_GATHER,
    ALL_REDUCE,
    ALL_TO_ALL,
    BROADCAST,
    NOTHING,
    SEND,
    Amount,
    Move,
    Sizes,
    Traffic,
)
from archdsl.devices.traffic_flow import Flowing, Run, runs
from archdsl.ir.graph import Layer, Program
from archdsl.ir.shape import ITEM_SIZES, Shape
from archdsl.ir.stages import stages_of
from archdsl.state import tensors


def traffic(program: Program, batch_name: str, paths: Sequence[Sequence[str]] | None = None) -> Traffic:
    """What a step moves: nothing where the network speaks of no devices. Raises `NotLocal`, `NotStaged`.

    paths: the stages, if they are others than the spec's; as `staged` takes them.
    """
    mesh = group_mesh(program)
    size = mesh.size if mesh is not None else 1
    if paths is not None or stages_of(program.graph):
        stages = staged(program, paths)
        moves = [move for stage in stages for move in _of_stage(stage, stages, batch_name, size)]
        return Traffic(size * len(stages), tuple(moves), size)
    return Traffic(size, () if mesh is None else tuple(_of_split(program, batch_name)), size)


def _of_split(program: Program, batch_name: str, handed: Sequence[bool] = ()) -> Iterator[Move]:
    """What one group of devices moves; `handed`: which of its inputs have a gradient."""
    own = local(program, 0)
    yield from _moves(own, batch_name, handed)
    yield from gradients(program, own)


def _of_stage(stage: Stage, stages: Sequence[Stage], batch_name: str, places: int) -> Iterator[Move]:
    """What the devices of a stage move: among them, and on to the next stage."""
    first, last = stage.number == 0, stage.number == len(stages) - 1
    before, behind = "" if first else f"stage {stage.number}", "" if last else f"stage {stage.number + 2}"
    if group_mesh(stage.program) is not None:
        handed = [not first and carries_gradient(value) for value in stage.takes]
        for move in _of_split(stage.program, batch_name, handed):
            ends = move.kind != "gradient"
            yield move.between(move.source or before, move.reader or behind) if ends else move
    if not last:
        yield _handed_on(stage, behind, Sizes(stage.program, batch_name), places)


def _handed_on(stage: Stage, behind: str, sizes: Sizes, places: int) -> Move:
    """What each of the places of a stage's split sends to the next stage, and gets the gradients of: a share of what is
    shared out, all of what is whole."""
    shapes = [value.shape for value in stage.gives if value.shape is not None]
    trained = [value.shape for value in stage.gives if value.shape is not None and carries_gradient(value)]
    numbers = sum(map(sizes.numbers, shapes), NOTHING)
    forward, backward = (
        sum((sizes.bytes(shape) * (1 if shape.shares else places) for shape in some), NOTHING)
        for some in (shapes, trained)
    )
    span = stage.program.graph.nodes[-1].place.span
    return Move("stage", span, "", f"stage {stage.number + 1}", behind, numbers, forward, backward, SEND, SEND)


def transfers(own: Local, batch_name: str, handed: Sequence[bool] = ()) -> Iterator[tuple[Run, Sequence[Move]]]:
    """Every run of a layer in one device's network, with what it moves: nothing, for most."""
    counted = _Counted(own, Sizes(own.program, batch_name))
    for run in runs(own.program, handed):
        yield run, list(counted.moves(run))


def _moves(own: Local, batch_name: str, handed: Sequence[bool]) -> Iterator[Move]:
    found: list[tuple[Run, Move]] = []
    waiting: dict[Flowing, list[Run]] = {}
    readers: dict[Run, str] = {}
    steps = {"": ""}
    for run, moves in transfers(own, batch_name, handed):
        behind = [one for value in run.inputs for one in waiting.get(value, ()) if one not in readers]
        if run.node.op.divided:
            steps[run.path] = own.step(run.node, run.path)
            readers.update(dict.fromkeys(behind, run.path))
            continue
        if there := [joined(run.path, path) for path in own.elsewhere.get(run.node, ())]:
            # It stands for layers of another device, which read what is moved to them, and make what comes back.
            steps.update(zip(there, there))
            readers.update(dict.fromkeys(behind, there[0]))
            behind = []
            for value in run.outputs:
                value.maker = there[-1]
            moves = [move.between(there[-1], move.reader) for move in moves]
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
