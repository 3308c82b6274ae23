# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
"""`checkpoint { }` in a network that several devices run: what the backward pass computes again is linked to the other
devices as the first time, and drops what it dropped then.

PyTorch gives it the same random state again, but not what stood around the forward pass: without it, a replica would
drop other numbers than in its forward pass, and its gradients would be those of no network.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

from torch import nn
from torch.utils import checkpoint as torchs

from archdsl.devices.moves import current_devices, devices_are
from archdsl.devices.noise import current_drawing
from archdsl.devices.transfers import current_link, linked
from archdsl.generated import GENERATED

Contexts = Callable[[], tuple[AbstractContextManager[Any], AbstractContextManager[Any]]]


def carry(module: nn.Module) -> None:
    """Have it be so wherever a generated module computes something again. On one device that changes nothing."""
    for name in {type(each).__module__ for each in module.modules()}:
        namespace = vars(sys.modules[name])
        if name.startswith(GENERATED) and "checkpoint" in namespace:
            namespace["checkpoint"] = checkpoint


def checkpoint(segment: Any, *inputs: Any, context_fn: Contexts = torchs.noop_context_fn, **kwargs: Any) -> Any:
    """`torch.utils.checkpoint.checkpoint`."""
    link, drawing, devices = current_link(), current_drawing(), current_devices()
    drawing = drawing and drawing.again()

    def contexts() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
        first, again = context_fn()
        surroundings = (
            linked(link) if link is not None else nullcontext(),
            drawing.again() if drawing is not None else nullcontext(),
            devices_are(devices) if devices is not None else nullcontext(),
        )
        return first, _all((again, *surroundings))

    run: Any = torchs.checkpoint
    if link is drawing is devices is None:
        return run(segment, *inputs, context_fn=context_fn, **kwargs)
    # To its end, also where nothing more is needed: all devices tell each other the same again (`sequences.py`).
    with torchs.set_checkpoint_early_stop(False):
        return run(segment, *inputs, context_fn=contexts, **kwargs)


@contextmanager
def _all(each: Sequence[AbstractContextManager[Any]]) -> Generator[None]:
    with ExitStack() as stack:
        for context in each:
            stack.enter_context(context)
        yield
