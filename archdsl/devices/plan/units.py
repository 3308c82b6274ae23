"""What stays on one device: the steps of a network gathered into units, between which it may be cut.

Steps of the network and of its groups are units of their own. A block call, a labelled connector or what is computed
again in the backward pass is one unit, however many steps it has; a block or connector that costs more than a device's
share is opened. A step without FLOPs (an activation, a norm, a pool) joins the unit that its only input comes from,
if nobody else reads that and the result is no larger: a cut behind it is as good as one before it, or better.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from archdsl.devices.plan.flow import Around, Flow, Flowing, Step, owners
from archdsl.devices.plan.measure import Costed
from archdsl.ir.graph import Declared

OPEN = ("network", "group")
"""Kinds of scopes in which every step is a unit."""


class Unit:
    """Steps that stay together.

    needs:  the units whose values it reads.
    makes:  those of its values that other units read, or the network gives back.
    takes:  the values that it reads of other units and of the network's input.
    """

    __slots__ = ("makes", "needs", "number", "steps", "takes")

    def __init__(self, number: int) -> None:
        self.number = number
        self.steps: list[int] = []
        self.needs: set[int] = set()
        self.takes: list[Flowing] = []
        self.makes: list[Flowing] = []


class Units:
    """The units of a flow, in the order in which they run.

    readers:  by value, the units that read it; for what the network gives back, with one beyond the last.
    tied:     sets of units that must be on one stage, as they share tensors.
    entered:  likewise, as devices of a split use one value of theirs, and sum its gradients once.
    """

    def __init__(self, flow: Flow, measured: Costed, share: float, *, apart: bool = False) -> None:
        """`apart`: the devices of its splits each run their part."""
        self.flow = flow
        atoms = _Atoms(flow, measured, share)
        self.units: list[Unit] = []
        self.of: list[int] = []
        self._number(atoms.roots())
        self.readers: dict[Flowing, set[int]] = {}
        self._wire()
        self.tied = self._gathered(_tied(flow, measured))
        self.entered = self._gathered(_entered(flow) if apart else ())

    def _number(self, roots: list[int]) -> None:
        """Units in the order of their first step, but of those that come to it: a tensor waits for its reader."""
        numbers: dict[int, int] = {}
        for root in sorted(set(roots)):
            numbers[root] = len(self.units)
            self.units.append(Unit(len(self.units)))
        self.of = [numbers[root] for root in roots]
        for step, number in enumerate(self.of):
            self.units[number].steps.append(step)

    def _wire(self) -> None:
        steps = self.flow.steps
        for value in (*self.flow.inputs, *(value for step in steps for value in step.outputs)):
            maker = self.of[value.maker] if value.maker >= 0 else -1
            readers = {self.of[reader] for reader in value.readers} - {maker}
            if readers:
                self.readers[value] = readers
        for value in self.flow.outputs:
            self.readers.setdefault(value, set()).add(len(self.units))
        for value, readers in self.readers.items():
            if value.maker >= 0:
                self.units[self.of[value.maker]].makes.append(value)
            for reader in readers - {len(self.units)}:
                self.units[reader].takes.append(value)
                if value.maker >= 0:
                    self.units[reader].needs.add(self.of[value.maker])

    @property
    def together(self) -> list[set[int]]:
        """Sets of units that must be on one stage."""
        return [*self.tied, *self.entered]

    def _gathered(self, groups: Iterable[Sequence[int]]) -> list[set[int]]:
        """The units of groups of steps, of more than one."""
        units = [{self.of[step] for step in steps} for steps in groups]
        return [group for group in units if len(group) > 1]


def _tied(flow: Flow, measured: Costed) -> Iterator[Sequence[int]]:
    """Steps that use one tensor."""
    using = owners(flow)
    for steps in using.values():
        if any(measured.steps[step].state_bytes for step in steps):
            yield steps
    for user, owner in flow.together:
        yield using[user] + using[owner]


def _entered(flow: Flow) -> Iterator[Sequence[int]]:
    """Steps of a split that use one whole value, each device in its own way: a value that a cut divides them from is
    entered anew behind it, and its gradients are summed a second time."""

    def inside(step: int) -> bool:
        return flow.steps[step].node.place.split is not None

    for value in (*flow.inputs, *(value for step in flow.steps for value in step.outputs)):
        shape = value.value.shape
        if value.trained and shape is not None and shape.shares is None:
            makers = [value.maker] if value.maker >= 0 and inside(value.maker) else []
            yield [*makers, *filter(inside, value.readers)]


class _Atoms:
    """For each step the step that its unit is called by: the first of a closed scope, the maker of what it follows."""

    def __init__(self, flow: Flow, measured: Costed, share: float) -> None:
        self.flow = flow
        self.measured = measured
        self.share = share
        self.flops: dict[Around, int] = {}
        for step, cost in zip(flow.steps, measured.steps):
            around: Around | None = step.around
            while around is not None:
                self.flops[around] = self.flops.get(around, 0) + cost.flops
                around = around.outer

    def roots(self) -> list[int]:
        roots: list[int] = []
        first: dict[object, int] = {}
        weight: dict[int, int] = {}
        for number, step in enumerate(self.flow.steps):
            closed = self._closed(step)
            root = number if closed is None else first.setdefault(closed, number)
            roots.append(root)
            weight[root] = weight.get(root, 0) + self.measured.steps[number].flops
        members: dict[int, list[int]] = {}
        for number, root in enumerate(roots):
            members.setdefault(root, []).append(number)
        joined: dict[int, int] = {}
        for root, steps in members.items():
            before = None if weight[root] else self._before(steps)
            if before is not None:
                joined[root] = joined.get(roots[before], roots[before])
        roots = [joined.get(root, root) for root in roots]
        return self._with_tensors(roots)

    def _closed(self, step: Step) -> object:
        """The outermost scope around a step that stays whole, or the segment that is computed again."""
        if step.again is not None:
            return step.again
        scopes: list[Around] = []
        around: Around | None = step.around
        while around is not None:
            scopes.append(around)
            around = around.outer
        for scope in reversed(scopes):
            if scope.graph.kind not in OPEN and self.flops[scope] <= self.share:
                return scope
        return None

    def _before(self, steps: list[int]) -> int | None:
        """The maker of the only value that steps take, if nobody else reads it and what they make is no larger."""
        inside = set(steps)
        taken = {value for number in steps for value in self.flow.steps[number].inputs if value.maker not in inside}
        made = [value for number in steps for value in self.flow.steps[number].outputs]
        left = [value for value in made if not inside.issuperset(value.readers) or value in self._given_back]
        if len(taken) != 1:
            return None
        value = next(iter(taken))
        alone = inside.issuperset(value.readers) and value not in self._given_back
        bytes = self.measured.bytes
        return value.maker if value.maker >= 0 and alone and sum(map(bytes, left)) <= bytes(value) else None

    @property
    def _given_back(self) -> list[Flowing]:
        return self.flow.outputs

    def _with_tensors(self, roots: list[int]) -> list[int]:
        """A declared tensor belongs to the first unit that reads it, so that it lies where it is used."""
        moved = list(roots)
        for number, step in enumerate(self.flow.steps):
            if isinstance(step.node, Declared) and roots[number] == number:
                readers = step.outputs[0].readers
                moved[number] = roots[readers[0]] if readers else roots[max(0, number - 1)]
        return moved
