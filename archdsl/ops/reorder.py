"""Elements of an axis in another order, or chosen by their indices."""

from __future__ import annotations

from typing import ClassVar

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, Index, X, call
from archdsl.ops.op import Axes, Op, Refused, op
from archdsl.ops.pick import before, refuse_outside
from archdsl.ops.rules import axis_of, chosen, need_indices, need_positive, refuse_both, refuse_range


@op("roll", role="reshape")
class Roll(Op):
    """Move what lies along axes by a number of places each; what leaves at one end comes back at the other.

    out_i = x_(i - shift) along each axis, counted round. Swin moves its windows by it.
    Shape: any, unchanged.

    Example:
        input image: [N, 56, 56, 96]
        roll([1, 2], [-3, -3])
        expect output == [N, 56, 56, 96]
    """

    keeps_input: ClassVar[bool] = False

    axes: Axes
    shifts: Axes

    def shape(self, x: Shape) -> Shape:
        for axis in self.axes:
            axis_of(self, x, axis, "axes")
        if not self.axes or len(self.shifts) != len(self.axes):
            from archdsl.errors.ops import NotApplicable

            reason = f"is {len(self.shifts)} for {len(self.axes)} axes"
            raise Refused(NotApplicable(self.name, "shifts", shown(self.shifts), reason), param="shifts")
        return x

    def follows(self, axis: int, x: Shape) -> int | None:
        return None if axis in {one % x.rank for one in self.axes} else axis

    def torch(self, x: Shape) -> Form:
        return Form(function=call("torch.roll", X(), shifts=single(self.shifts), dims=single(self.axes)))


def shown(axes: Axes) -> str:
    return f"[{', '.join(map(str, axes))}]"


def single(numbers: Axes) -> int | Axes:
    """As PyTorch's functions are given one or several."""
    return numbers[0] if len(numbers) == 1 else numbers


@op("take", role="reshape")
class Take(Op):
    """What lies at some indices of an axis, in their order: a list, or a value that holds indices.

    [N, L, D] -> [N, 3, D] by `take(1, [0, 5, 7])`; by a value of shape [A, B] the axis becomes [A, B]

    Example:
        input image: [N, 3, 224, 224]
        take(1, [2, 1, 0])
        expect output == [N, 3, 224, 224]
    """

    further: ClassVar[int] = 1
    keeps_input: ClassVar[bool] = False

    axis: int
    indices: Axes | None = None

    def shape(self, x: Shape, *index: Shape) -> Shape:
        axis = axis_of(self, x, self.axis)
        if index and self.indices is not None:
            refuse_both(self, "an index value", "indices")
        if index:
            need_indices(self, index[0], operand=1)
            dims = index[0].dims
        else:
            self._need_inside(x, axis)
            dims = (Dim.of(len(self.indices or ())),)
        channels = x.channel_axis
        if channels is not None and channels >= axis and len(dims) != 1:
            channels = None if channels == axis else channels + len(dims) - 1
        return Shape((*x.dims[:axis], *dims, *x.dims[axis + 1 :]), x.dtype, channels)

    def _need_inside(self, x: Shape, axis: int) -> None:
        if self.indices is None:
            from archdsl.errors.ops import NeedsOneOf

            raise Refused(NeedsOneOf(self.name, "indices", "@index"))
        if not self.indices:
            refuse_range(self, "indices", "at least one")
        furthest = max(self.indices, key=lambda index: -index if index < 0 else index + 1)
        needed = -furthest if furthest < 0 else furthest + 1
        if decision := need_positive(x.dims[axis] - needed + 1):
            sizes = decision.fails.sizes if decision.fails else None
            at = f"at {chosen(sizes)}" if sizes else "reaches beyond it"
            refuse_outside(self, x, axis, f"index {furthest}", at, "indices")

    def torch(self, x: Shape, *index: Shape) -> Form:
        return Form(function=Index(X(), (*before(x, self.axis), X(1) if index else list(self.indices or ()))))
