# pyright: reportUnknownVariableType=false
from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


@contextmanager
def kept_buffers(module: nn.Module) -> Generator[None]:
    """Undo what happens to a module's buffers."""
    before = [buffer.clone() for buffer in module.buffers()]
    try:
        yield
    finally:
        for buffer, value in zip(module.buffers(), before, strict=True):
            buffer.data.copy_(value)  # unseen by autograd, which may have saved the buffer


def recomputed(module: nn.Module, segment: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """A checkpoint whose running statistics count a batch once, though its activations are computed twice."""
    if torch.compiler.is_compiling():  # which never changes a buffer when it computes something again
        return checkpoint(segment, *inputs, use_reentrant=False)

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), kept_buffers(module)

    return checkpoint(segment, *inputs, use_reentrant=False, context_fn=contexts)
