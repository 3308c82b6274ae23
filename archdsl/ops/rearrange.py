"""`rearrange`: reshape, permute, space to depth, channel shuffle, in one notation."""

from __future__ import annotations

from math import prod
from typing import ClassVar, NamedTuple, NoReturn

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.einops import Group, Malformed, Pattern, parse
from archdsl.ops.form import Call, Form, X, call
from archdsl.ops.op import GLOBAL, AxisSizes, Op, Refused, Window, op
from archdsl.ops.rules import counterexample, differs, need_divisible


class Axes(NamedTuple):
    """What a pattern makes of one input. `inferred` are the axes whose sizes follow from the others'."""

    pattern: Pattern
    sizes: dict[str, Dim]
    inferred: frozenset[str]


@op("rearrange", role="reshape")
class Rearrange(Op):
    """Name the axes, then write them in another order or composed otherwise, in the notation of einops.

    `(h a)` is an axis composed of two, of which the last varies fastest; the size of all but one of them is given by
    name. `...` stands for the axes that need no name, 1 for an axis of size 1. Every number is kept.
    Lowered to unflatten, permute and flatten of torch.

    Example:
        input image: [N, 56, 56, 96]
        rearrange("n (h a) (w b) d -> n h w (b a d)", a=2, b=2)
        expect output == [N, 28, 28, 384]
    """

    keeps_input: ClassVar[bool] = False

    pattern: str
    sizes: AxisSizes = ()

    def shape(self, x: Shape) -> Shape:
        axes = self._axes(x)
        left, right = axes.pattern
        dims = [self._composed(x, group, axes) for group in right]
        return Shape(dims, x.dtype, channel_axis(x, left, right))

    def _composed(self, x: Shape, group: Group, axes: Axes) -> Dim:
        if len(group) == 1 and group in axes.pattern.left:
            return x.dims[axes.pattern.left.index(group)]
        size = Dim.of(1)
        for i, name in enumerate(group):
            size = axes.sizes[name] * size if i else axes.sizes[name]
        return size

    def _axes(self, x: Shape) -> Axes:
        """Match the pattern with the input. Raises `Refused`."""
        try:
            parsed = parse(self.pattern)
        except Malformed as malformed:
            from archdsl.errors.ops import BadPattern

            raise Refused(BadPattern(self.pattern, str(malformed)), param="pattern") from None
        pattern = parsed.expanded(x.rank)
        if pattern is None or len(pattern.left) != x.rank:
            self._does_not_fit(x, f"{len(parsed.left)} axes on its left, {x.rank} in the input")
        given = dict(self.sizes)
        self._check_given(given, {name for group in pattern.left for name in group})
        sizes: dict[str, Dim] = {}
        inferred: set[str] = set()
        for axis, group in enumerate(pattern.left):
            self._match(x, axis, group, given, sizes, inferred)
        return Axes(pattern, sizes, frozenset(inferred))

    def _check_given(self, given: dict[str, int], names: set[str]) -> None:
        from archdsl.errors.ops import BadPattern, OutOfRange

        for name, size in given.items():
            if name not in names:
                raise Refused(BadPattern(self.pattern, f"has no axis `{name}`"), param=name)
            if size < 1:
                raise Refused(OutOfRange(self.name, name, "at least 1", str(size)), param=name)

    def _match(
        self, x: Shape, axis: int, group: Group, given: dict[str, int], sizes: dict[str, Dim], inferred: set[str]
    ) -> None:
        """Find the sizes of the axes that one axis of the input is composed of."""
        unknown = [name for name in group if name not in given]
        sizes.update((name, Dim.of(given[name])) for name in group if name in given)
        known = prod(given[name] for name in group if name in given)
        if len(unknown) > 1:
            from archdsl.errors.ops import BadPattern

            names = " and ".join(f"`{name}`" for name in unknown)
            reason = f"leaves {names} open; give the size of all but one, as {unknown[-1]}=2"
            raise Refused(BadPattern(self.pattern, reason), param="pattern")
        if unknown:
            need_divisible(self, x, axis, known)
            sizes[unknown[0]] = x.dims[axis] if known == 1 else x.dims[axis] // known
            inferred.add(unknown[0])
        elif decision := differs(x.dims[axis], Dim.of(known)):
            self._does_not_fit(x, f"axis {axis}, {counterexample(decision)}")

    def _does_not_fit(self, x: Shape, reason: str) -> NoReturn:
        from archdsl.errors.shapes import PatternDoesNotFit

        raise Refused(PatternDoesNotFit(self.pattern, repr(x), reason), param="pattern")

    def drawn(self, x: Shape) -> str:
        return "rearrange"

    def torch(self, x: Shape) -> Form:
        axes = self._axes(x)
        left, right = axes.pattern
        out: Call | X = X()
        # From the last axis to the first, so that the numbers of those still to be treated stay as they are.
        for axis, group in reversed([*enumerate(left)]):
            if not group:
                out = call(".squeeze", out, axis)
            elif len(group) > 1:
                parts = tuple(-1 if name in axes.inferred else axes.sizes[name].constant for name in group)
                out = call(".unflatten", out, axis, parts)
        order = [name for group in left for name in group]
        moved = [order.index(name) for group in right for name in group]
        if moved != sorted(moved):
            out = call(".permute", out, *moved)
        end = len(moved)
        for group in reversed(right):
            if not group:
                out = call(".unsqueeze", out, end)
            elif len(group) > 1:
                out = call(".flatten", out, end - len(group), end - 1)
            end -= len(group)
        return Form(function=out)

    def window(self, x: Shape) -> Window | None:
        """Own place only if the spatial axes stay what they are."""
        left, right = self._axes(x).pattern
        return None if left[2:] == right[2:] else GLOBAL


def channel_axis(x: Shape, left: tuple[Group, ...], right: tuple[Group, ...]) -> int | None:
    """The axis that holds the channels now; None if there were none, or they are on several axes, or gone."""
    if x.channel_axis is None or x.channel_axis >= x.rank:
        return None
    channels = set(left[x.channel_axis])
    holding = [axis for axis, group in enumerate(right) if channels & set(group)]
    return holding[0] if len(holding) == 1 else None
