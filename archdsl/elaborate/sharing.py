"""Steps in a `split`: what each device holds of their results, and the one-device op that computes the same.

conv(256, 5x5)  fed 96 maps shared out over two devices  ->  conv(256, 5x5, groups=2), its 256 maps shared out
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import TYPE_CHECKING, TypeVar

from archdsl.diagnostic import Edit, Error, Help
from archdsl.elaborate.context import At
from archdsl.elaborate.flow import tensors_in, with_tensors
from archdsl.elaborate.values import Tensor
from archdsl.ir.graph import Layer
from archdsl.ir.shape import Shape
from archdsl.ir.shares import Mesh, Shares, Split, layout
from archdsl.ops.apart import groups_of, need_whole_groups
from archdsl.ops.exchange import Gather, Transfer
from archdsl.ops.op import Op, Refused
from archdsl.source import Span
from archdsl.syntax import ast

if TYPE_CHECKING:
    from archdsl.elaborate.written import StepLabel


T = TypeVar("T")


def need_no_devices(what: str, unit: ast.Use, at: At) -> None:
    """Refuse to say twice on which devices steps run."""
    if at.split is not None or at.device is not None:
        from archdsl.errors.devices import PlacedTwice

        around = f"a split over {at.split.mesh}" if at.split is not None else f"on({at.device})"
        raise at.reporter.fail(PlacedTwice(what, around), unit.path.span)


def split_over(mesh: Mesh, by: tuple[int, ...] | None, unit: ast.Use, at: At) -> Split:
    """The split that a connector's arguments describe."""
    at.session.splits = True
    need_no_devices("a split", unit, at)
    if by is None:
        return Split(mesh, (1,) * mesh.size)
    if len(by) != mesh.size or min(by) < 1:
        from archdsl.errors.devices import BadProportion

        reason = f"{len(by)} numbers for {mesh.size} devices" if len(by) != mesh.size else "every device has a share"
        span = next((arg.value.span for arg in unit.args or () if arg.name and arg.name.text == "by"), unit.path.span)
        raise at.reporter.fail(BadProportion(f"[{', '.join(map(str, by))}]", str(mesh), reason), span)
    common = gcd(*by)
    return Split(mesh, tuple(part // common for part in by))


def fit(op: Op, inputs: Sequence[Shape], split: Split) -> tuple[Op, Shares | None]:
    """The op as one device computes what all do, and how its result is shared out. Raises `Refused`."""
    shares = _common_shares(op, inputs)
    if isinstance(op, Transfer):
        return op, None
    if op.divided:
        return _divide(op, inputs, shares, split)
    if shares is None:
        return op, None
    axis = op.follows(shares.axis, *inputs)
    if axis is None:
        raise _needs_whole(op, shares)
    return op.apart(shares, *inputs), Shares(split, axis)


def shared(made: Shape | tuple[Shape, ...], shares: Shares | None) -> Shape | tuple[Shape, ...]:
    """What an op makes, shared out so."""
    return tuple(one.shared(shares) for one in made) if isinstance(made, tuple) else made.shared(shares)


def _common_shares(op: Op, inputs: Sequence[Shape]) -> Shares | None:
    """How the operands are shared out: all alike, or as long as one number along that axis and whole."""
    found = next((i for i, x in enumerate(inputs) if x.shares is not None), None)
    if found is None:
        return None
    first = inputs[found]
    assert first.shares is not None
    from_last = first.shares.axis - first.rank
    for i, x in enumerate(inputs):
        other = x.shares and (x.shares.split, x.shares.axis - x.rank)
        repeated = other is None and (x.rank < -from_last or x.dims[from_last].constant == 1)
        if not repeated and other != (first.shares.split, from_last):
            from archdsl.errors.devices import UnlikeLayouts

            raise Refused(UnlikeLayouts(op.name, layout(first), layout(x)), operand=i)
    return first.shares


def _divide(op: Op, inputs: Sequence[Shape], shares: Shares | None, split: Split) -> tuple[Op, Shares]:
    """A layer with weights: each device computes its share of the outputs, from what it holds."""
    axis, param = next((axis % inputs[0].rank, param) for axis, param in op.makes.items())
    count: int = getattr(op, param)
    if count % split.unit:
        from archdsl.errors.devices import UnevenShare

        raise Refused(UnevenShare(param, count, str(split.mesh), _proportion(split), _near(count, split)), param=param)
    if shares is None:
        if groups_of(op) > 1:
            need_whole_groups(op, split)
        return op, Shares(split, axis)
    if shares.axis != axis:
        raise _needs_whole(op, shares)
    return op.apart(shares, *inputs), Shares(split, axis)


def _needs_whole(op: Op, shares: Shares) -> Refused:
    from archdsl.errors.devices import NeedsExchange

    return Refused(NeedsExchange(op.name, str(shares.split.mesh), shares.axis), operand=0)


def _proportion(split: Split) -> str:
    return f"{split.size} devices" if split.even else f"shares of {' : '.join(map(str, split.by))}"


def _near(count: int, split: Split) -> str:
    below = count - count % split.unit
    return " or ".join(str(near) for near in (below, below + split.unit) if near)


def helps_in_split(error: Error, label: StepLabel | None, span: Span) -> tuple[Help, ...]:
    """The edit that makes a value whole in front of a step that needs all of it."""
    from archdsl.errors.devices import NeedsExchange

    if not isinstance(error, NeedsExchange):
        return ()
    start = label.span.start if label and label.span.source is span.source else span.start
    return (Help("make it whole first", Edit(Span(span.source, start, start), "exchange -> ")),)


def gathered(value: T, span: Span, at: At) -> T:
    """Outside of splits values are whole: those that are shared out are gathered, each once in a scope."""
    tensors = tensors_in(value)
    if at.split is not None or not any(
        tensor.value.shape is not None and tensor.value.shape.shares for tensor in tensors
    ):
        return value
    return with_tensors(value, iter([_gathered(tensor, span, at) for tensor in tensors]))


def _gathered(tensor: Tensor, span: Span, at: At) -> Tensor:
    local = at.scope.localise(tensor)
    if local.shape is None or local.shape.shares is None:
        return tensor
    known = at.session.gathered.get(local)
    if known is None:
        at.session.spend("steps", 1, span)
        node = Layer(at.session.intern(Gather()), (local,), local.shape.shared(None), None, at.place(span), {})
        known = at.session.gathered[local] = at.scope.add(node)
    return known
