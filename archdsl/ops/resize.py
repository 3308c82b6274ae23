"""Maps of another resolution."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from typing import ClassVar, Literal

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, P, X, call
from archdsl.ops.op import GLOBAL, Op, Refused, Size, Window, op
from archdsl.ops.rules import at_least, need_divisible, need_floats, need_spatial, refuse_both, written
from archdsl.ops.spatial import sizes
from archdsl.record import KW_ONLY

LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


@op("upsample", role="resize")
class Upsample(Op):
    """Make maps larger by a factor, or of a given `size`, by copying or interpolating.

    out = in factor / over along each spatial axis, where `over` must divide exactly; upsample(3, over=2) is by 1.5.
    [N, C, H, W] -> [N, C, H', W']

    Example:
        input image: [N, 256, 13, 13]
        upsample(2)
        expect output == [N, 256, 26, 26]
    """

    reach: ClassVar[Mapping[str, int]] = {"nearest": 1, "nearest_exact": 1, "bicubic": 4}
    """How many input elements one output element is made of; 2 for the linear modes."""
    keeps_input: ClassVar[bool] = False

    factor: int | Size | None = None
    _: KW_ONLY
    over: int | Size = 1
    size: int | Size | None = None
    mode: Literal["nearest", "nearest_exact", "linear", "bilinear", "bicubic", "trilinear"] = "nearest"
    align_corners: bool = False

    def shape(self, x: Shape) -> Shape:
        need_spatial(self, x)
        need_floats(self, x)
        self._check_mode(x)
        self._check_target()
        at_least(self, 1, "factor", "over", "size")
        if self.size is not None:
            along = sizes(self.size, x.rank - 2, op=self.name, param="size")
            return Shape((*x.dims[:2], *map(Dim.of, along)), x.dtype)
        out: list[Dim] = []
        for i, (factor, over) in enumerate(self._ratios(x)):
            need_divisible(self, x, 2 + i, over, param="over")
            self._need_exact(x.dims[2 + i], factor, over)
            out.append(x.dims[2 + i].floored(times=factor, by=over))
        return Shape((*x.dims[:2], *out), x.dtype)

    def _check_mode(self, x: Shape) -> None:
        rank = x.rank - 2
        by_rank = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
        if by_rank.get(self.mode, rank) != rank:
            needed = by_rank[self.mode]
            reason = f"needs {needed} spatial {'axis' if needed == 1 else 'axes'}, the input has {rank}"
            self._refuse("mode", reason, f"mode={LINEAR[rank]}")
        if self.align_corners and self.mode not in by_rank:
            self._refuse("align_corners", f"means nothing with mode={self.mode}", "")

    def _check_target(self) -> None:
        from archdsl.errors.ops import NeedsOneOf

        if self.factor is None and self.size is None:
            raise Refused(NeedsOneOf(self.name, "factor", "size"))
        if self.factor is not None and self.size is not None:
            refuse_both(self, "factor", "size")
        if self.size is not None and self.over != 1:
            refuse_both(self, "size", "over")

    def _refuse(self, param: str, reason: str, advice: str) -> None:
        from archdsl.errors.ops import NotApplicable

        raise Refused(NotApplicable(self.name, param, written(getattr(self, param)), reason, advice), param=param)

    def _ratios(self, x: Shape) -> list[tuple[int, int]]:
        """The factor along each spatial axis, in lowest terms."""
        assert self.factor is not None
        factors = sizes(self.factor, x.rank - 2, op=self.name, param="factor")
        overs = sizes(self.over, x.rank - 2, op=self.name, param="over")
        return [(factor // gcd(factor, over), over // gcd(factor, over)) for factor, over in zip(factors, overs)]

    def _need_exact(self, size: Dim, factor: int, over: int) -> None:
        """torch takes a free size times a float and rounds it down, which is exact over powers of 2 only."""
        if size.constant is None and over & (over - 1):
            self._refuse(
                "over", f"is exact on fixed sizes only, but the size is {size}", "a power of 2, or fix the size"
            )

    def follows(self, axis: int, x: Shape) -> int | None:
        return 1 if axis == 1 else None

    def torch(self, x: Shape) -> Form:
        options: dict[str, object] = {
            **self._target(x),
            "mode": self.mode.replace("_", "-"),
            "align_corners": P("align_corners"),
        }
        defaults = {"mode": "nearest", "align_corners": False}
        return Form(
            module=call("nn.Upsample", defaults=defaults, **options),  # type: ignore[arg-type]
            function=call("F.interpolate", X(), defaults=defaults, **options),  # type: ignore[arg-type]
        )

    def _target(self, x: Shape) -> dict[str, object]:
        if self.size is not None:
            return {"size": P("size")}
        ratios = self._ratios(x)
        if all(over == 1 for _, over in ratios):
            whole = self.over == 1 or set(sizes(self.over, x.rank - 2, op=self.name, param="over")) == {1}
            return {"scale_factor": P("factor") if whole else tuple(factor for factor, _ in ratios)}
        if all(dim.constant is not None for dim in x.spatial):
            return {"size": tuple(dim.constant * factor // over for dim, (factor, over) in zip(x.spatial, ratios))}  # type: ignore[operator]
        return {"scale_factor": tuple(factor / over for factor, over in ratios)}

    def window(self, x: Shape) -> Window:
        if self.size is not None:
            return GLOBAL
        ratios = self._ratios(x)
        reach = self.reach.get(self.mode, 2)
        return Window((reach,) * len(ratios), tuple(over for _, over in ratios), tuple(factor for factor, _ in ratios))
