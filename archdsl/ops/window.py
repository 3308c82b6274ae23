"""Windows that slide over maps: what convolutions and pools have in common."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.op import Op, Refused, Size
from archdsl.ops.rules import chosen, need_positive


def need_windows(op: Op, x: Shape, out: list[Dim], reach: Size, pad: Size) -> None:
    """At least one window fits along each spatial axis; `reach` is what a window spans, dilation included."""
    for i, size in enumerate(out):
        if size == x.dims[2 + i]:  # which is one already
            continue
        decision = need_positive(size)
        if decision is None:
            continue
        from archdsl.errors.shapes import DoesNotFit

        sizes: Mapping[str, int] = decision.fails.sizes if decision.fails else {}
        have = x.dims[2 + i].at(sizes) + 2 * pad[i]
        reason = f"a window spans {reach[i]}, the padded map only {have}"
        if sizes:
            reason = f"at {chosen(sizes)}: {reason}"
        if decision.needs:
            advice = f"{decision.needs[0]} >= {decision.needs[1]} would do"
        else:
            advice = f"a kernel that spans at most {have}"
            if any(param.name == "pad" for param in op.params) and reach[i] > have:
                advice += f", or pad={pad[i] + (reach[i] - have + 1) // 2}"
        raise Refused(DoesNotFit(op.name, repr(x), 2 + i, reason, advice), param="kernel")
