"""What one device has of a value, and of a layer: in a split, its share of them."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.devices.draws import known
from archdsl.devices.local_ops import Exchanged, Gathered, NotLocal, OwnPart, SharedDropout
from archdsl.ir.dim import Dim
from archdsl.ir.graph import Layer, Value
from archdsl.ir.shape import Shape
from archdsl.ir.shares import Shares, Split
from archdsl.ir.starts import own_tied
from archdsl.ops.apart import changed, groups_of
from archdsl.ops.exchange import Exchange, Gather
from archdsl.ops.merge import Concat, ConcatShares
from archdsl.ops.op import Op
from archdsl.ops.uneven import Uneven


def own_shape(shape: Shape | None, device: int) -> Shape | None:
    """A value's shape as a device holds it. Raises `NotLocal`."""
    if shape is None or shape.shares is None:
        return shape
    return shape.replace(shape.shares.axis, Dim.of(part_sizes(shape, shape.shares)[device]))


def part_sizes(shape: Shape, shares: Shares) -> tuple[int, ...]:
    """The devices' parts of the axis along which a value is shared out. Raises `NotLocal` if its size is free."""
    size = shape.dims[shares.axis].constant
    if size is None:
        raise NotLocal(f"the size of a value along axis {shares.axis}, which is shared out, is not known")
    return shares.split.sizes(size)


def own_op(node: Layer, device: int) -> tuple[Op, OwnPart | None]:
    """A layer's op on a device's own part; and what is first done to the value that it is handed. Raises `NotLocal`."""
    op, came, split = node.op, node.inputs[0].shape if node.inputs else None, node.place.split
    shares = came.shares if came is not None else None
    if isinstance(op, Exchange | Gather):
        assert came is not None and shares is not None
        cls = Exchanged if isinstance(op, Exchange) else Gathered
        return cls(shares.axis, part_sizes(came, shares)), None
    if split is None:
        return op, None
    if isinstance(op, Uneven):
        assert came is not None
        return op.groups_in(came)[device].op, None
    if op.divided:
        return _own_share(op, split, device, came if shares is None else None)
    if shares is None or came is None:
        return op, None
    if isinstance(op, ConcatShares):
        return Concat(op.axis), None
    if op.draws:
        noise = known(node, "exchange before it")
        if noise.shape[shares.axis] != came.dims[shares.axis]:
            return op, None  # drawn for whole samples
        return SharedDropout(shares.axis, part_sizes(came, shares), noise.p, noise.function), None
    if groups_of(op) > 1:
        return changed(op, groups=split.sizes(groups_of(op))[device]), None
    return op, None


def own_layer(node: Layer, op: Op, inputs: Sequence[Value], device: int) -> Layer:
    """A device's layer in the place of one of the whole network, with these operands."""
    args = {name: given for name, given in node.args.items() if getattr(op, name, None) == given.value}
    shapes = [value.shape for value in inputs if value.shape is not None]
    name, runs, tied = node.name, node.runs, node.tied
    if isinstance(node.op, Uneven):
        name, runs = (path and (*path, str(device)) for path in (name, runs))
        tied = own_tied(node, device)
    if op is not node.op and not op.is_module(*shapes):
        name = None
    results = tuple(own_shape(value.shape, device) for value in node.outputs)
    new = Layer(op, tuple(inputs), results, name, node.place, args, node.merges)
    new.runs, new.tied, new.frozen = runs, tied, node.frozen
    return new


def _own_share(op: Op, split: Split, device: int, whole: Shape | None) -> tuple[Op, OwnPart | None]:
    """A layer with the device's share of its outputs; `whole`: the value that it is fed, unless that is shared out."""
    axis, param = next(iter(op.makes.items()))
    share = split.sizes(getattr(op, param))[device]
    if groups_of(op) == 1:
        return changed(op, **{param: share}), None
    own = changed(op, **{param: share, "groups": split.sizes(groups_of(op))[device]})
    if whole is None:
        return own, None
    axis %= whole.rank  # in groups: the device's own see their part of the input only
    return own, OwnPart(axis, split.sizes(whole.dims[axis].constant or 0), index=device)
