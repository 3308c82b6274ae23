"""Padding as a step of its own; convolutions and pools pad with zeros by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, P, X, call
from archdsl.ops.op import Op, Refused, Size, op
from archdsl.ops.rules import at_least, axis_of, need_floats, need_positive, need_rank, refuse_range
from archdsl.ops.spatial import sizes
from archdsl.record import KW_ONLY


@op("pad", role="reshape")
class Pad(Op):
    """Add a border before and behind each spatial axis, or `axis` alone; `after` if it differs behind.

    out = in + size + after along each padded axis. The border is `value`, or by `mode`: reflect mirrors without the
    border itself, replicate repeats it, circular takes the other end.
    [N, C, H, W] -> [N, C, H', W']

    Example:
        input image: [N, 3, 224, 224]
        pad(0, after=1)
        conv(32, 3x3, stride=2)
        expect output == [N, 32, 112, 112]
    """

    keeps_input: ClassVar[bool] = False
    classes: ClassVar[Mapping[str, str]] = {
        "reflect": "ReflectionPad",
        "replicate": "ReplicationPad",
        "circular": "CircularPad",
    }

    size: int | Size
    _: KW_ONLY
    after: int | Size | None = None
    axis: int | None = None
    mode: Literal["constant", "reflect", "replicate", "circular"] = "constant"
    value: float = 0.0

    def shape(self, x: Shape) -> Shape:
        at_least(self, 0, "size", "after")
        borders = self._borders(x)
        if self.mode != "constant":
            need_floats(self, x)
            self._need_class(x)
        for axis, before, after in borders:
            self._need_source(x, axis, max(before, after))
            if before + after:
                x = x.replace(axis, x.dims[axis] + (before + after))
        return x

    def follows(self, axis: int, x: Shape) -> int | None:
        return None if any(axis == padded for padded, _, _ in self._borders(x)) else axis

    def _borders(self, x: Shape) -> list[tuple[int, int, int]]:
        """Each padded axis with its border before and behind."""
        if self.axis is None:
            need_rank(self, x, 3, 5, "[N, C, ...] with 1 to 3 spatial axes; for others name the `axis`")
            axes = range(2, x.rank)
        else:
            axis = axis_of(self, x, self.axis)
            if axis == 0:
                refuse_range(self, "axis", "other than 0, the batch")
            axes = range(axis, axis + 1)
        before = sizes(self.size, len(axes), op=self.name, param="size")
        after = before if self.after is None else sizes(self.after, len(axes), op=self.name, param="after")
        return list(zip(axes, before, after))

    def _reach(self, x: Shape) -> int:
        """How many axes, counted from the last, torch's padding speaks of. It takes the batch for channels, so that
        the channels are a spatial axis, if these are padded."""
        return max(1, x.rank - 2 if self.axis is None else x.rank - min(2, self.axis % x.rank))

    def _need_class(self, x: Shape) -> None:
        if self._reach(x) > 3:
            from archdsl.errors.ops import NotApplicable

            reason = "does not reach the channels of maps with 3 spatial axes"
            raise Refused(NotApplicable(self.name, "mode", self.mode, reason), param="mode")

    def _need_source(self, x: Shape, axis: int, border: int) -> None:
        """What is mirrored or taken from the other end must be there."""
        if self.mode in ("constant", "replicate") or border == 0:
            return
        least = border + 1 if self.mode == "reflect" else border
        if need_positive(x.dims[axis] - (least - 1)):
            from archdsl.errors.shapes import PadDoesNotFit

            size = x.dims[axis]
            most = f"{size} - 1" if size.constant is None else str(size.constant - 1)
            most = most if self.mode == "reflect" else str(size)
            raise Refused(PadDoesNotFit(self.mode, border, axis, repr(x), most), param="size")

    def _traced(self, before: int, after: int) -> tuple[int | P, int | P]:
        """A border as the parameters that say it, where these are one number for all axes."""
        one = P("size") if isinstance(self.size, int) else before
        if self.after is None:
            return one, one
        return one, P("after") if isinstance(self.after, int) else after

    def torch(self, x: Shape) -> Form:
        borders = {axis: self._traced(before, after) for axis, before, after in self._borders(x)}
        last_first = [borders.get(axis, (0, 0)) for axis in range(x.rank - 1, x.rank - self._reach(x) - 1, -1)]
        amounts = tuple(amount for pair in last_first for amount in pair)
        one = P("size") if len(set(amounts)) == 1 else amounts
        constant = self.mode == "constant"
        filled = (P("value"),) if constant and self.value else ()
        name = ("ConstantPad" if filled else "ZeroPad") if constant else self.classes[self.mode]
        options: dict[str, Any] = {"value": P("value")} if filled else {} if constant else {"mode": P("mode")}
        return Form(
            # There is no class that pads four axes.
            module=call(f"nn.{name}{len(last_first)}d", one, *filled) if len(last_first) <= 3 else None,
            function=call("F.pad", X(), amounts, **options),
        )
