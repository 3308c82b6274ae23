"""Ops on values that are shared out: on one device, what each of several does with its own part is done in groups."""

from __future__ import annotations

from typing import Any, TypeVar

from archdsl.ir.shares import Split
from archdsl.ops.op import Op, Refused

O = TypeVar("O", bound=Op)  # noqa: E741


def changed(op: O, **params: Any) -> O:
    """The same op with other parameters."""
    return type(op)(**{**op.__dict__, **params})


def groups_of(op: Op) -> int:
    """Of an op that may have groups of channels; 1 for others."""
    return op.__dict__.get("groups", 1)


def in_groups(op: O, split: Split) -> O:
    """With a group for each device; one that has `groups` keeps them."""
    groups = groups_of(op)
    if groups > 1:
        need_whole_groups(op, split)
        return op
    if not split.even:
        from archdsl.errors.devices import UnequalGroups

        raise Refused(UnequalGroups(op.name, str(split.mesh), ":".join(map(str, split.by))), operand=0)
    return changed(op, groups=split.size)


def need_whole_groups(op: Op, split: Split) -> None:
    """Its groups don't lie across devices."""
    groups = groups_of(op)
    if groups % split.size or not split.even:
        from archdsl.errors.devices import TornGroups

        raise Refused(TornGroups(op.name, groups, str(split.mesh), split.size), param="groups")
