"""What a running program hands to torch.distributed, counted where torch dispatches it.

Every collective passes there, whoever calls it: the network's transfers, DDP, a pipeline. What a process sends is
counted as `traffic.py` does: summed over the processes of a group, it is the closed form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class Call:
    """One call of a collective by this process: what kind, among how many, and the bytes that it sends.

    peer:     of "send" and "recv", the rank in the group that gets them, or that they come from.
    received: the bytes that a "recv" takes; it sends none.
    """

    __slots__ = ("kind", "peer", "received", "sent", "size")

    def __init__(
        self, kind: str, size: int, sent: Fraction, peer: int | None = None, received: Fraction = Fraction(0)
    ) -> None:
        self.kind = kind
        self.size = size
        self.sent = sent
        self.peer = peer
        self.received = received

    def __repr__(self) -> str:
        whom = self.size if self.peer is None else f"{'from' if self.kind == 'recv' else 'to'} {self.peer}"
        return f"{self.kind}({whom}): {float(self.sent or self.received):,.0f}"


class Counting(TorchDispatchMode):
    """While it is entered, the collectives that this process calls are listed."""

    def __init__(self) -> None:
        super().__init__()  # pyright: ignore[reportUnknownMemberType]
        self.calls: list[Call] = []

    @property
    def sent(self) -> Fraction:
        """Bytes that this process sent in all."""
        return sum((call.sent for call in self.calls), Fraction(0))

    def __torch_dispatch__(
        self, func: Any, types: Sequence[Any], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func.namespace == "c10d":
            name: str = func.name().removeprefix("c10d::")
            if name not in _SENT:
                raise NotImplementedError(f"what c10d::{name} sends is not known")
            if (counted := _SENT[name]) is not None:
                kind, sent = counted
                group = next(dist.ProcessGroup.unbox(arg) for arg in args if isinstance(arg, torch.ScriptObject))
                size, rank = group.size(), group.rank()
                peer = args[2] if kind in ("send", "recv") else None
                received = _bytes(*args[0]) if kind == "recv" else Fraction(0)
                self.calls.append(Call(kind, size, sent(args, size, rank), peer, received))
        return func(*args, **(kwargs or {}))


def bytes_of(*tensors: Tensor) -> int:
    """Of their numbers."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _bytes(*tensors: Tensor) -> Fraction:
    return Fraction(bytes_of(*tensors))


def _all_gather(args: Any, size: int, rank: int) -> Fraction:
    own = args[1] if isinstance(args[1], list) else [args[1]]
    return (size - 1) * _bytes(*own)


def _all_to_all(args: Any, size: int, rank: int) -> Fraction:
    given, splits = args[1], args[4] or [len(args[1]) // size] * size
    return _bytes(given) * Fraction(sum(splits) - splits[rank], max(1, sum(splits)))


def _all_reduce(args: Any, size: int, rank: int) -> Fraction:
    return _bytes(*args[0]) * Fraction(2 * (size - 1), size)


def _broadcast(args: Any, size: int, rank: int) -> Fraction:
    return (size - 1) * _bytes(*args[0]) if rank == args[2] else Fraction(0)


def _reduce_scatter(args: Any, size: int, rank: int) -> Fraction:
    return _bytes(args[1]) * Fraction(size - 1, size)


def _send(args: Any, size: int, rank: int) -> Fraction:
    return _bytes(*args[0])


def _recv(args: Any, size: int, rank: int) -> Fraction:
    return Fraction(0)


_SENT: dict[str, tuple[str, Callable[[Any, int, int], Fraction]] | None] = {
    "allgather_": ("all_gather", _all_gather),
    "_allgather_base_": ("all_gather", _all_gather),
    "alltoall_base_": ("all_to_all", _all_to_all),
    "allreduce_": ("all_reduce", _all_reduce),
    "broadcast_": ("broadcast", _broadcast),
    "_reduce_scatter_base_": ("reduce_scatter", _reduce_scatter),
    "send": ("send", _send),
    "recv_": ("recv", _recv),
    "barrier": None,
}
"""By torch's name: what the others call it, and what a process sends; None: no numbers of the network."""
