"""What emitted modules call that lie on several devices of one process: maps moved between them.

All of it is one autograd graph, so gradients find their way back by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from archdsl.devices.noise import dropped, noise
from archdsl.devices.transfers import part_of

_devices: ContextVar[Sequence[torch.device]] = ContextVar("devices")


@contextmanager
def devices_are(devices: Sequence[torch.device]) -> Generator[None]:
    """What `move` takes the devices' numbers to be, meanwhile."""
    token = _devices.set(devices)
    try:
        yield
    finally:
        _devices.reset(token)


def current_devices() -> Sequence[torch.device] | None:
    """Those at hand, if there are any."""
    return _devices.get(None)


def move(x: Tensor, device: int) -> Tensor:
    """A value on another device, by its number."""
    return x.to(_devices.get()[device])


def together(*parts: Tensor, axis: int, device: int) -> Tensor:
    """All devices' parts of a value, put together along `axis` on one of them."""
    return torch.cat([part.to(parts[device].device) for part in parts], axis)


def _shared(drop: Any) -> Callable[..., Sequence[Tensor]]:
    """A dropout of a value that is shared out along `axis`, or (None) that each device has: (parts, p, training, axis)
    -> parts. What one device would draw is drawn on each."""

    def of_parts(*parts: Tensor, p: float, training: bool, axis: int | None = None) -> Sequence[Tensor]:
        shape = [*parts[0].shape]
        sizes = [part.shape[axis] for part in parts] if axis is not None else []
        if axis is not None:
            shape[axis] = sum(sizes)
        return _dropped(drop, parts, shape, p, axis, sizes) if training else parts

    return of_parts


dropout, dropout1d, dropout2d, dropout3d = map(_shared, (F.dropout, F.dropout1d, F.dropout2d, F.dropout3d))
alpha_dropout, feature_alpha_dropout = map(_shared, (F.alpha_dropout, F.feature_alpha_dropout))


def drop_path(*parts: Tensor, p: float, training: bool) -> Sequence[Tensor]:
    """Dropout of whole samples."""
    samples = [parts[0].shape[0], *[1] * (parts[0].dim() - 1)]
    return _dropped(F.dropout, parts, samples, p, None, ()) if training else parts


def _dropped(
    drop: Any, parts: Sequence[Tensor], shape: Sequence[int], p: float, axis: int | None, sizes: Sequence[int]
) -> list[Tensor]:
    """The parts with noise for a whole of this shape, of which each takes its own along the axis."""
    drawn = _drawn(drop, parts, shape, p)
    own = [
        drawn[part.device] if axis is None else part_of(drawn[part.device], axis, sizes, i)
        for i, part in enumerate(parts)
    ]
    return [dropped(drop, part, p, each) for part, each in zip(parts, own)]


def _drawn(drop: Any, parts: Sequence[Tensor], shape: Sequence[int], p: float) -> Mapping[torch.device, Tensor]:
    """The same noise on each device. Each draws it, which takes less than to move it: a GPU has a generator of its own,
    which is set to where the first one's is, however many numbers that one has drawn alone."""
    found: dict[torch.device, Tensor] = {}
    before: Tensor | None = None
    for part in parts:
        if part.device in found:
            continue
        if part.device.type != "cpu":
            generators = torch.get_device_module(part.device)
            before = generators.get_rng_state(part.device) if before is None else before
            generators.set_rng_state(before, part.device)
        found[part.device] = noise(drop, part, shape, p)
    return found
