"""Where a network may be cut in two, and what crosses there.

A cut is a set of units that holds all that its members need: what lies before it on the devices. On a chain these are
the beginnings of the chain; where branches run side by side, one may be cut earlier than another, and a cut is one
choice for each. Stages lie between cuts, each within the next, so the stages of a plan are a chain of cuts.

Between places that all paths pass through, the cuts of a segment are all listed up to a limit; beyond it only those in
the order of the text are.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

from archdsl.devices.plan.flow import Flowing
from archdsl.devices.plan.measure import Costed
from archdsl.devices.plan.units import Units

WIDEST = 500
"""Cuts of one segment."""
MOST = 4_000
"""Cuts of all segments together, less those in the order of the text."""


class Cut:
    """The sums over all units before it, for one microbatch, and what crosses it.

    segment, mask: which units: all of earlier segments, and those of its own whose bit is set.
    allowed:       it divides no set of units that must be together.
    told:          bytes that a device sends to the others of its split.
    kept:          bytes that the units before it keep for their backward passes.
    sent, back:    bytes of values that cross it in the forward pass, and of gradients in the backward pass.
    sent_alone:    those of `sent` that no step keeps.
    """

    __slots__ = (
        "allowed",
        "back",
        "flops",
        "kept",
        "mask",
        "segment",
        "sent",
        "sent_alone",
        "state",
        "told",
        "trained",
    )

    def __init__(self, segment: int, mask: int) -> None:
        self.segment = segment
        self.mask = mask
        self.allowed = True
        self.flops = self.told = self.state = self.trained = self.kept = self.sent = self.back = self.sent_alone = 0

    @property
    def exchanged(self) -> int:
        """What the devices before and behind it exchange; the network's input comes from elsewhere."""
        return self.sent + self.back if self.segment or self.mask else 0

    def within(self, other: Cut) -> bool:
        """Whether all that lies before it lies before the other."""
        return self.segment < other.segment or (self.segment == other.segment and not self.mask & ~other.mask)


ADDED = ("flops", "told", "state", "trained", "kept")
"""The sums over units."""
SUMS = (*ADDED, "sent", "back", "sent_alone")


class Cuts:
    """The cuts of a network, by FLOPs before them: a cut stands before all that it lies within.

    segments: the units of each segment, in the order of their bits.
    exact:    all are listed.
    """

    def __init__(self, units: Units, measured: Costed, *, in_order: bool = False) -> None:
        self.segments: list[list[int]] = []
        self.exact = not in_order
        found = _Search(units, measured, self, in_order).run()
        self.cuts: list[Cut] = sorted(found, key=_before)

    def between(self, before: Cut, behind: Cut) -> list[int]:
        """The units that lie between two cuts, in the order in which they run."""
        found: list[int] = []
        for segment in range(before.segment, min(behind.segment + 1, len(self.segments))):
            for bit, unit in enumerate(self.segments[segment]):
                past = segment == before.segment and before.mask >> bit & 1
                if not past and (segment < behind.segment or behind.mask >> bit & 1):
                    found.append(unit)
        return sorted(found)

    def sums(self) -> list[tuple[int, ...]]:
        """Which cuts there are, with all their sums."""
        return sorted((cut.segment, cut.mask, *(getattr(cut, name) for name in SUMS)) for cut in self.cuts)


def _before(cut: Cut) -> tuple[int, int, int]:
    return cut.flops, cut.segment, cut.mask.bit_count()


def interpolated(microbatch: int, known: Mapping[int, Cuts]) -> Cuts:
    """The cuts at a size of the microbatch by those at two others, with sums on straight lines through them."""
    (size, cuts), (other_size, others) = known.items()
    same = {(cut.segment, cut.mask): cut for cut in others.cuts}
    found: list[Cut] = []
    for cut in cuts.cuts:
        other = same[cut.segment, cut.mask]
        new = Cut(cut.segment, cut.mask)
        for name in SUMS:
            first = getattr(cut, name)
            rise = getattr(other, name) - first
            setattr(new, name, first + rise * (microbatch - size) // (other_size - size))
        found.append(new)
    made = copy(cuts)
    made.cuts = sorted(found, key=_before)
    return made


class _State:
    """A cut, the units that may come next, the values that cross, and how many sets of units that must be together
    it divides."""

    __slots__ = ("crossing", "cut", "ready", "torn")

    def __init__(self, cut: Cut, ready: tuple[int, ...], crossing: frozenset[Flowing], torn: int = 0) -> None:
        self.cut = cut
        self.ready = ready
        self.crossing = crossing
        self.torn = torn


class _Search:
    """Layer by layer: from the cuts before which n units lie to those before which n + 1 do."""

    def __init__(self, units: Units, measured: Costed, cuts: Cuts, in_order: bool) -> None:
        self.units = units
        self.measured = measured
        self.cuts = cuts
        self.in_order = in_order
        self.left = MOST
        self.past: set[int] = set()
        """Units of earlier segments."""
        self.bits: dict[int, int] = {}
        """Those of this segment."""
        self.followers: dict[int, list[int]] = {}
        for unit in units.units:
            for needed in unit.needs:
                self.followers.setdefault(needed, []).append(unit.number)
        self.together: dict[int, list[set[int]]] = {}
        for group in units.together:
            for number in group:
                self.together.setdefault(number, []).append(group)
        self.sizes: dict[Flowing, int] = {value: measured.bytes(value) for value in units.readers}
        self.costs = [_sums(unit.steps, measured) for unit in units.units]

    def run(self) -> list[Cut]:
        start = self._start()
        found = [start.cut]
        while start.ready:
            listed = self._segment(start)
            start = self._next(listed[-1])
            found += [state.cut for state in listed[:-1] if state.cut.allowed]
            if start.cut.allowed:
                found.append(start.cut)
        return found

    def _start(self) -> _State:
        cut = Cut(0, 0)
        crossing = frozenset(value for value in self.units.flow.inputs if value in self.units.readers)
        self._cross(cut, crossing)
        self.cuts.segments.append([])
        return _State(cut, tuple(unit.number for unit in self.units.units if not unit.needs), crossing)

    def _segment(self, start: _State) -> list[_State]:
        """Cuts behind a place that all paths pass through, up to the next such place, which comes last."""
        if not self.in_order:
            listed = self._all(start)
            if listed is not None:
                return listed
            self.cuts.exact = False
        return self._in_order(start)

    def _all(self, start: _State) -> list[_State] | None:
        listed: list[_State] = []
        layer = [start]
        self._open()
        while True:
            grown: dict[int, _State] = {}
            for state in layer:
                for unit in state.ready:
                    mask = state.cut.mask | 1 << self._bit(unit)
                    if mask not in grown:
                        grown[mask] = self._grow(state, unit, mask)
            layer = list(grown.values())
            listed += layer
            if len(layer) == 1:
                self.left -= len(listed) - 1
                return listed
            if len(listed) > min(WIDEST, self.left):
                return None

    def _in_order(self, start: _State) -> list[_State]:
        self._open()
        unit = min(start.ready)
        return [self._grow(start, unit, 1 << self._bit(unit))]

    def _open(self) -> None:
        self.bits = {}
        self.cuts.segments[-1] = []

    def _bit(self, unit: int) -> int:
        if unit not in self.bits:
            self.bits[unit] = len(self.bits)
            self.cuts.segments[-1].append(unit)
        return self.bits[unit]

    def _next(self, last: _State) -> _State:
        """The last cut of a segment, as the first of the next."""
        self.past.update(self.bits)
        self.cuts.segments.append([])
        last.cut.segment += 1
        last.cut.mask = 0
        return last

    def _grow(self, state: _State, number: int, mask: int) -> _State:
        """One unit more before the cut."""
        unit = self.units.units[number]

        def before(other: int) -> bool:
            return other in self.past or (other in self.bits and bool(mask >> self.bits[other] & 1))

        cut = Cut(state.cut.segment, mask)
        for name, cost in zip(ADDED, self.costs[number]):
            setattr(cut, name, getattr(state.cut, name) + cost)
        ready = [other for other in state.ready if other != number]
        ready += [other for other in self.followers.get(number, ()) if all(map(before, self.units.units[other].needs))]
        gone = {value for value in unit.takes if all(map(before, self.units.readers[value]))}
        crossing = (state.crossing - gone).union(unit.makes) if gone or unit.makes else state.crossing
        if ready:  # what the network gives back stays where it was made last
            self._cross(cut, crossing)
        torn = state.torn
        for group in self.together.get(number, ()):
            inside = sum(map(before, group))
            torn += (inside == 1) - (inside == len(group))
        cut.allowed = not torn
        return _State(cut, tuple(ready), crossing, torn)

    def _cross(self, cut: Cut, crossing: frozenset[Flowing]) -> None:
        for value in crossing:
            size = self.sizes[value]
            cut.sent += size
            cut.back += size if value.trained else 0
            cut.sent_alone += 0 if self.measured.kept(value) else size


def _sums(steps: list[int], measured: Costed) -> tuple[int, ...]:
    """What `ADDED` names, of a unit."""
    costs = [measured.steps[step] for step in steps]
    return (
        sum(cost.flops for cost in costs),
        sum(cost.sent_bytes for cost in costs),
        sum(cost.state_bytes for cost in costs),
        sum(cost.trained_bytes for cost in costs),
        sum(cost.kept_bytes for cost in costs),
    )
