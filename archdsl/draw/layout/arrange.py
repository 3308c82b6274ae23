"""Which parts of a frame stand one behind the other, and which side by side.

a, b1, b2, c, concat(b2, c)     ->     a, [b1, b2 | c], concat        if b1 and c both read a, and nobody else them
"""

from __future__ import annotations

from archdsl.draw.enclose import dissolve, enclose, sources_of
from archdsl.draw.parts import Fork, Frame, Part
from archdsl.ir.graph import Scope


class _Wiring:
    """Who reads whom among the parts of a frame, by number: -1 is the frame's inputs, the last its results."""

    def __init__(self, frame: Frame) -> None:
        self.parts = list(frame.parts)
        number = {id(part): i for i, part in enumerate(frame.parts)}
        self.sources: list[set[int]] = [set() for _ in range(len(frame.parts) + 1)]
        self.targets: list[set[int]] = [set() for _ in range(len(frame.parts) + 1)]
        for wire in frame.wires:
            source = -1 if wire.source.part is None else number[id(wire.source.part)]
            target = len(frame.parts) if wire.target.part is None else number[id(wire.target.part)]
            self.sources[target].add(source)
            if source >= 0:
                self.targets[source].add(target)


def arrange(frame: Frame) -> None:
    """Put the parts of a frame that run side by side into forks."""
    if frame.arranged:
        return
    frame.arranged = True
    wiring = _Wiring(frame)
    aside = {} if frame.kind == "branch" else _asides(wiring)
    main = [i for i in range(len(frame.parts)) if i not in aside]
    for members, branches in _forks(main, wiring):
        parts = [[wiring.parts[i] for i in branch] for branch in branches]
        if all(len(sources_of(frame, branch)) <= 1 for branch in parts):
            kinds = [region.kind if (region := branch[0].region) else "" for branch in parts]
            _put_side_by_side(frame, parts, 0 if "shortcut" in kinds else None, wiring.parts[members[0]])
    for anchor in dict.fromkeys(aside.values()):
        _put_aside(frame, [wiring.parts[i] for i, at in aside.items() if at == anchor], anchor, wiring)


def _put_side_by_side(frame: Frame, branches: list[list[Part]], axis: int | None, first: Part) -> None:
    at = frame.parts.index(first)
    made = [enclose(frame, parts, "branch", "") for parts in branches]
    for branch in made:
        branch.arranged = False
        _bare(branch)
    gone = set(map(id, made))
    frame.parts = [part for part in frame.parts if id(part) not in gone]
    frame.parts.insert(at, Fork(made, axis))


def _bare(branch: Frame) -> None:
    """A column shows well enough what belongs together: plain braces in it need no border."""
    part = branch.parts[0]
    if len(branch.parts) > 1 or not isinstance(part, Frame) or part.repeat > 1:
        return
    if isinstance(part.node, Scope) and part.node.graph.kind == "group":
        dissolve(branch, part)


def _forks(numbers: list[int], wiring: _Wiring) -> list[tuple[list[int], list[list[int]]]]:
    """The outermost forks, the last first: their parts, and these by branch."""
    found: list[tuple[list[int], list[list[int]]]] = []
    within = set(numbers)
    numbers = [*numbers, len(wiring.parts)]
    while numbers:
        if fork := _fork(numbers[-1], within, wiring):
            members = fork[0]
            if numbers[-1 - len(members) : -1] == members:
                found.append(fork)
                numbers = numbers[: -1 - len(members)]
                continue
        numbers.pop()
    return found


def _fork(merge: int, within: set[int], wiring: _Wiring) -> tuple[list[int], list[list[int]]] | None:
    """The parts between a merge and the last part before it that all its operands come through, by branch."""
    front = {source for source in wiring.sources[merge] if source in within or source < 0}
    members: set[int] = set()
    while len(front) > 1:
        last = max(front)
        front.remove(last)
        members.add(last)
        front |= wiring.sources[last] & (within | {-1})
    if any(not wiring.targets[member] <= members | {merge} for member in members):
        return None
    branches = _components(sorted(members), wiring)
    return (sorted(members), branches) if len(branches) > 1 else None


def _components(members: list[int], wiring: _Wiring) -> list[list[int]]:
    """Members that read each other, directly or not, together."""
    group = {member: [member] for member in members}
    for member in members:
        for source in wiring.sources[member]:
            if source in group and group[source] is not group[member]:
                joined = sorted(group[source] + group[member])
                for each in joined:
                    group[each] = joined
    return [list(one) for one in dict.fromkeys(tuple(group[member]) for member in members)]


def _asides(wiring: _Wiring) -> dict[int, int]:
    """Parts that stand beside the flow, each with the part that it stands with: tensors that one step reads, before
    it; and what runs in training only, behind the step that it reads."""
    found: dict[int, int] = {}
    for i, part in enumerate(wiring.parts):
        if part.kind == "declared" and len(wiring.targets[i]) == 1:
            found[i] = min(wiring.targets[i])
        elif part.training:
            source = max(wiring.sources[i], default=-1)
            found[i] = found.get(source, source)
    return found


def _put_aside(frame: Frame, group: list[Part], anchor: int, wiring: _Wiring) -> None:
    """Put parts beside the row before the one that reads them, or behind the one that they read."""
    training = group[0].training
    columns = [group] if training else [[part] for part in group]
    made = [enclose(frame, parts, "branch", "") for parts in columns]
    for branch in made:
        branch.arranged = False
    gone = set(map(id, made))
    frame.parts = [part for part in frame.parts if id(part) not in gone]
    part = wiring.parts[anchor] if 0 <= anchor < len(wiring.parts) else None
    at = next((i for i, row in enumerate(frame.parts) if holds(row, part)), len(frame.parts) if anchor > 0 else -1)
    beside = at + 1 if training else at - 1
    row = frame.parts[beside] if 0 <= beside < len(frame.parts) else None
    if row is None or isinstance(row, Fork) or row.kind == "input" or len(sources_of(frame, [row])) > 1:
        place = max(0, at + 1 if training else at)
        frame.parts.insert(place, Fork([_empty(frame), *made], 0))
    else:
        main = enclose(frame, [row], "branch", "")
        main.arranged = False
        frame.parts[beside] = Fork([main, *made], 0)


def _empty(frame: Frame) -> Frame:
    return Frame(frame.path, frame.node, "branch", None, "")


def holds(row: Part, part: Part | None) -> bool:
    """Whether a row is a part, or has it in one of its branches."""
    return row is part or (isinstance(row, Fork) and any(part in branch.parts for branch in row.branches))
