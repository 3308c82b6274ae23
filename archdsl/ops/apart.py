"""Ops on values that are shared out: on one device, what each of several does with its own part is done in groups."""

from __future__ import annotations

from typing import Any, TypeVar

from archdsl.ir.shape import Shape
from archdsl.ir.shares import Shares, Split
from archdsl.ops.op import Op, Refused
from archdsl.ops.uneven import uneven

O = TypeVar("O", bound=Op)  # noqa: E741


def changed(op: O, **params: Any) -> O:
    """The same op with other parameters."""
    return type(op)(**{**op.__dict__, **params})


def groups_of(op: Op) -> int:
    """Of an op that may have groups of channels; 1 for others."""
    return op.__dict__.get("groups", 1)


def followed(op: Op, shares: Shares, x: Shape) -> int | None:
    """Along which axis an op's result is shared out where its operand is, if each number is what it is on the whole;
    None: it isn't."""
    axis = op.follows(shares.axis, x)
    try:
        return axis if axis is not None and op.apart(shares, x) == op else None
    except Refused:
        return None


def in_groups(op: Op, split: Split) -> Op:
    """With a group for each device; one that has `groups` keeps them. Torch's are all of one size."""
    if groups_of(op) > 1:
        need_whole_groups(op, split)
        return op
    return changed(op, groups=split.size) if split.even else uneven(op, split.by)


def need_whole_groups(op: Op, split: Split) -> None:
    """Its groups, which are all of one size, don't lie across devices."""
    groups = groups_of(op)
    if groups % split.unit:
        from archdsl.errors.devices import TornGroups

        shared = "" if split.even else f", which share as {' : '.join(map(str, split.by))}"
        raise Refused(TornGroups(op.name, groups, f"{split.mesh}{shared}", split.unit), param="groups")
