"""Parts of a value, and repeats of one: views that need no copy."""

from __future__ import annotations

from typing import ClassVar, NoReturn

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.form import Axis, Form, Index, X, call
from archdsl.ops.op import Op, Refused, op
from archdsl.ops.rules import at_least, axis_of, chosen, need_positive, refuse_range


def refuse_outside(op: Op, x: Shape, axis: int, what: str, reason: str, param: str) -> NoReturn:
    from archdsl.errors.ops import OutsideAxis

    raise Refused(OutsideAxis(op.name, what, axis, str(x.dims[axis]), reason), param=param)


def behind_removed(channel_axis: int | None, removed: int) -> int | None:
    """The channel axis once another axis is gone."""
    if channel_axis is None or channel_axis == removed:
        return None
    return channel_axis - (channel_axis > removed)


def before(x: Shape, axis: int) -> tuple[slice, ...]:
    """The colons of `x[:, :, ...]` for what stands before an axis."""
    return (slice(None),) * (axis if axis >= 0 else axis + x.rank)


@op("slice", role="reshape")
class Slice(Op):
    """Every `step`-th index from `start` to before `stop` along an axis. Negative numbers count from the end.

    out = ceil((stop - start) / step) along the axis

    Example:
        input image: [N, 16, 32, 32]
        slice(2, step=2) -> slice(3, step=2)
        expect output == [N, 16, 16, 16]
    """

    view: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False

    axis: int
    start: int = 0
    stop: int | None = None
    step: int = 1

    def shape(self, x: Shape) -> Shape:
        axis = axis_of(self, x, self.axis)
        at_least(self, 1, "step")
        start = self._position(x, axis, "start", self.start)
        stop = x.dims[axis] if self.stop is None else self._position(x, axis, "stop", self.stop)
        length = stop - start
        if need_positive(length):
            what = f"{self.start}..{'' if self.stop is None else self.stop}"
            refuse_outside(self, x, axis, what, "holds nothing", "start" if self.stop is None else "stop")
        return x.replace(axis, length if self.step == 1 else (length + (self.step - 1)) // self.step)

    def _position(self, x: Shape, axis: int, param: str, given: int) -> Dim:
        """Counted from the front; within the axis."""
        size = x.dims[axis]
        decision = need_positive(size - abs(given) + 1)
        if decision is None:
            return size + given if given < 0 else Dim.of(given)
        at = f"at {chosen(decision.fails.sizes)}" if decision.fails and decision.fails.sizes else "reaches beyond it"
        refuse_outside(self, x, axis, f"`{param}={given}`", at, param)

    def follows(self, axis: int, x: Shape) -> int | None:
        return None if axis == self.axis % x.rank else axis

    def torch(self, x: Shape) -> Form:
        part = slice(self.start or None, self.stop, None if self.step == 1 else self.step)
        return Form(function=Index(X(), (*before(x, self.axis), part)))


@op("select", role="reshape")
class Select(Op):
    """One index along an axis, which is then gone. Negative numbers count from the end.

    [N, L, D] -> [N, D] along axis 1

    Example:
        input tokens: [N, 197, 768]
        select(1, 0)
        expect output == [N, 768]
    """

    view: ClassVar[bool] = True
    keeps_input: ClassVar[bool] = False

    axis: int
    index: int

    def shape(self, x: Shape) -> Shape:
        axis = axis_of(self, x, self.axis)
        if axis == 0:
            refuse_range(self, "axis", "other than 0, the batch")
        needed = -self.index if self.index < 0 else self.index + 1
        if decision := need_positive(x.dims[axis] - needed + 1):
            sizes = decision.fails.sizes if decision.fails else None
            at = f"at {chosen(sizes)}" if sizes else "reaches beyond it"
            refuse_outside(self, x, axis, f"index {self.index}", at, "index")
        dims = (*x.dims[:axis], *x.dims[axis + 1 :])
        return Shape(dims, x.dtype, behind_removed(x.channel_axis, axis))

    def torch(self, x: Shape) -> Form:
        return Form(function=Index(X(), (*before(x, self.axis), self.index)))


@op("expand", role="reshape")
class Expand(Op):
    """Repeat the one element of axes of size 1, without a copy; -1 leaves an axis as it is.

    With a value behind it the first axis becomes that value's batch: `expand(@patches)` is a class token for each
    sample.
    [N, C, 1, 1] -> [N, C, H, W] by [-1, -1, H, W]

    Example:
        input features: [N, 64, 1, 1]
        expand([-1, -1, 7, 7])
        expect output == [N, 64, 7, 7]
    """

    view: ClassVar[bool] = True
    further: ClassVar[int] = 1
    keeps_input: ClassVar[bool] = False

    sizes: tuple[int, ...] | None = None

    def shape(self, x: Shape, like: Shape | None = None) -> Shape:
        sizes = self._sizes(x)
        if self.sizes is None and like is None:
            from archdsl.errors.values import MissingArgument

            raise Refused(MissingArgument(self.name, "sizes"))
        if like is not None and not (like.rank and x.rank):
            self._refuse(x, "there is no axis for a batch")
        if len(sizes) != x.rank:
            self._refuse(x, f"{len(sizes)} sizes for {x.rank} axes")
        dims: list[Dim] = []
        for axis, (dim, size) in enumerate(zip(x.dims, sizes)):
            if size != -1 and size < 1:
                self._refuse(x, f"{size} is no size")
            if size not in (-1, dim.constant) and dim.constant != 1:
                self._refuse(x, f"axis {axis} is {dim}, not 1")
            dims.append(dim if size in (-1, dim.constant) else Dim.of(size))
        if like is not None:
            if dims[0].constant != 1 and dims[0] != like.dims[0]:
                self._refuse(x, f"axis 0 is {dims[0]}, not 1")
            dims[0] = like.dims[0]
        return Shape(dims, x.dtype, x.channel_axis)

    def _sizes(self, x: Shape) -> tuple[int, ...]:
        return (-1,) * x.rank if self.sizes is None else self.sizes

    def _refuse(self, x: Shape, reason: str) -> NoReturn:
        from archdsl.errors.shapes import CannotExpand

        raise Refused(CannotExpand(repr(x), repr(list(self._sizes(x))), reason), param="sizes")

    def torch(self, x: Shape, like: Shape | None = None) -> Form:
        sizes = self._sizes(x)
        if like is None:
            return Form(function=call(".expand", X(), *sizes))
        return Form(function=call(".expand", X(), Axis(0, 1), *sizes[1:]))
