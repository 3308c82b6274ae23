"""What emitted modules of one device call: values told to the other devices, with their gradients.

Which devices these are, and by what they are reached, is the `Link` at hand: see `processes.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import accumulate
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from archdsl.devices.noise import dropped, noise
from archdsl.generated import GENERATED


class Link(Protocol):
    """One device's connection to the others of its group."""

    index: int
    size: int
    watched: bool
    """It wants to know `whereabouts` its calls are written."""

    def all_gather(self, x: Tensor, axis: int, sizes: Sequence[int]) -> Tensor:
        """The devices' parts, put together along `axis`."""
        ...

    def sum_of_parts(self, x: Tensor, axis: int, sizes: Sequence[int]) -> Tensor:
        """This device's part along `axis` of the sum of all devices' values (a reduce-scatter)."""
        ...

    def sum(self, x: Tensor) -> Tensor:
        """The sum of all devices' values."""
        ...

    def tell(self, x: Tensor, device: int) -> Tensor:
        """One device's value; the others give a tensor of the same shape and dtype, whatever is in it."""
        ...


_link: ContextVar[Link] = ContextVar("link")


@contextmanager
def linked(link: Link) -> Generator[None]:
    """Modules of one device that run meanwhile reach the others by this link."""
    token = _link.set(link)
    try:
        yield
    finally:
        _link.reset(token)


def current_link() -> Link | None:
    """The link at hand, if there is one."""
    return _link.get(None)


def current() -> Link:
    """The link at hand. Raises `RuntimeError` where there is none."""
    link = current_link()
    if link is None:
        raise RuntimeError("a module of one device was called outside its group: use archdsl.load(..., mesh=...)")
    return link


def enter(x: Tensor) -> Tensor:
    """A whole value that every device uses in its own way. Backward: the sum of all devices' gradients."""
    return _Enter.apply(x, _Call()) if x.requires_grad else x


def leave(x: Tensor) -> Tensor:
    """A whole value that goes on to what all devices do alike. Backward: the gradient, on one device only."""
    return _Leave.apply(x, _Call())


def exchange(x: Tensor, axis: int, sizes: Sequence[int] | None = None) -> Tensor:
    """All devices' parts of a value, put together along `axis`; then each goes its own way. Backward: the sum of all
    devices' gradients, of which each keeps its part."""
    return _Exchange.apply(x, axis, sizes, _Call())


def gather(x: Tensor, axis: int, sizes: Sequence[int] | None = None) -> Tensor:
    """All devices' parts of a value, put together along `axis`; then all do the same. Backward: each keeps its part of
    the gradient, and nothing moves."""
    return _Gather.apply(x, axis, sizes, _Call())


def _shared(drop: Any) -> Callable[..., Tensor]:
    """A dropout of this device's part of a value: (x, p, training, axis, sizes) -> x. All devices draw alike, for the
    whole, so that what they drop together is what one device would drop."""

    def of_part(x: Tensor, p: float, training: bool, axis: int, sizes: Sequence[int] | None = None) -> Tensor:
        if not training:
            return x
        link = current()
        parts = list(sizes or [x.shape[axis]] * link.size)
        drawn = noise(drop, x, [*x.shape[:axis], sum(parts), *x.shape[axis + 1 :]], p)
        return dropped(drop, x, p, part_of(drawn, axis, parts, link.index))

    return of_part


dropout, dropout1d, dropout2d, dropout3d = map(_shared, (F.dropout, F.dropout1d, F.dropout2d, F.dropout3d))
alpha_dropout, feature_alpha_dropout = map(_shared, (F.alpha_dropout, F.feature_alpha_dropout))


def entering(*values: Tensor, device: int) -> Any:
    """What the steps of this device are handed. Backward: it tells the others the gradients."""
    return _single(_Entering.apply(_Call(), device, *values))


def telling(*values: Tensor, device: int) -> Any:
    """What the steps of this device made: it tells the others."""
    return _single(_Telling.apply(_Call(), device, *values))


def elsewhere(
    *values: Tensor,
    shapes: Sequence[Sequence[int]],
    device: int,
    trains: bool = True,
    draws: Sequence[tuple[str, float, Sequence[int]]] = (),
    training: bool = False,
) -> Any:
    """What the steps of another device make of these values, as it tells; backward, their gradients.

    trains: the results have a gradient, as they have there, even if none of the values has.
    draws:  what the steps drop in training: function, p and shape. It is drawn here too, so that what comes behind is
            drawn alike.
    """
    for function, p, shape in draws if training else ():
        noise(getattr(F, function), values[0], shape, p)
    parameters = values[0].new_empty(0).requires_grad_() if trains else None
    return _single(_Elsewhere.apply(_Call(), device, shapes, parameters, *values))


def _single(values: tuple[Tensor, ...]) -> Any:
    return values[0] if len(values) == 1 else values


def part_of(x: Tensor, axis: int, sizes: Sequence[int], index: int) -> Tensor:
    """One of the parts of a value along an axis."""
    return x.narrow(axis, [0, *accumulate(sizes)][index], sizes[index])


class _Call:
    """One call of a transfer: by which link, and where in the spec."""

    def __init__(self) -> None:
        self.link = current()
        self.size, self.index = self.link.size, self.link.index
        self.where = _written() if self.link.watched else ""

    @contextmanager
    def going(self, direction: str) -> Generator[Link]:
        """The link, while something is told: `whereabouts` knows of it."""
        token = _where.set(f"{self.where}, {direction}")
        try:
            yield self.link
        finally:
            _where.reset(token)


_where: ContextVar[str] = ContextVar("where")


def whereabouts() -> str:
    """Where in the spec the transfer at hand is written, and its direction: "alexnet.arch:9, forward"."""
    return _where.get("somewhere")


def _written() -> str:
    """The line of the spec that the calling module's statement is made from: generated code has the spec's lines."""
    frame = sys._getframe()  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith(GENERATED):
            return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
        frame = frame.f_back
    return "somewhere"


class _Enter(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, call: _Call) -> Tensor:
        ctx.call = call
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Any:
        with ctx.call.going("backward") as link:
            return link.sum(grad_outputs[0]), None


class _Leave(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, call: _Call) -> Tensor:
        ctx.call = call
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Any:
        grad = grad_outputs[0]
        # The sum over the devices is to be the gradient; a division would round where their number is no power of 2.
        return grad if ctx.call.index == 0 else torch.zeros_like(grad), None


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, axis: int, sizes: Sequence[int] | None, call: _Call) -> Tensor:
        ctx.call, ctx.axis = call, axis
        ctx.sizes = list(sizes or [x.shape[axis]] * call.size)
        with call.going("forward") as link:
            return link.all_gather(x, axis, ctx.sizes)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Any:
        return part_of(grad_outputs[0], ctx.axis, ctx.sizes, ctx.call.index), None, None, None


class _Exchange(_Gather):
    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Any:
        with ctx.call.going("backward") as link:
            return link.sum_of_parts(grad_outputs[0], ctx.axis, ctx.sizes), None, None, None


class _Entering(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, call: _Call, device: int, *values: Tensor) -> Any:
        ctx.call, ctx.device = call, device
        return tuple(value.view_as(value) for value in values)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Any:
        needed = ctx.needs_input_grad[2:]
        with ctx.call.going("backward") as link:
            told = [link.tell(grad, ctx.device) if need else None for grad, need in zip(grad_outputs, needed)]
        return None, None, *told


class _Telling(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, call: _Call, device: int, *values: Tensor) -> Any:
        with call.going("forward") as link:
            return tuple(link.tell(value, device).view_as(value) for value in values)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Any:
        return None, None, *grad_outputs


class _Elsewhere(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, call: _Call, device: int, shapes: Sequence[Sequence[int]], _: Tensor | None, *values: Tensor
    ) -> Any:
        ctx.call, ctx.device = call, device
        ctx.save_for_backward(*values)
        with call.going("forward") as link:
            return tuple(link.tell(values[0].new_empty(shape), device) for shape in shapes)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Any:
        needed = zip(ctx.saved_tensors, ctx.needs_input_grad[4:])
        with ctx.call.going("backward") as link:
            told = [link.tell(torch.empty_like(value), ctx.device) if need else None for value, need in needed]
        return None, None, None, None, *told
