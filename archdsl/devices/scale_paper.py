# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Modules on tensors without numbers: what one microbatch calls, computes and keeps, forward and backward.

Tensors on torch's meta device have shapes only, and its fake process group answers for all other ranks, so the emitted
module runs as it would on real devices, in milliseconds. A network of many equal blocks asks torch the same shapes over
and over: what an op made of tensors of some shapes is remembered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import prod
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import flop_registry

from archdsl.devices.traffic_counted import Call, Counting
from archdsl.record import Record


class Pass(Record):
    """One microbatch's way through a stage.

    kind:  "forward" or "backward".
    calls: the collectives of the split within the stage, in order.
    flops: two for each multiply-accumulate of convolutions and matrix products.
    kept:  bytes that lie in memory from the forward to the backward pass: what autograd saves, parameters apart, what
           the stage was handed, and what it gave.
    """

    kind: Literal["forward", "backward"]
    stage: int
    calls: tuple[Call, ...]
    flops: int
    kept: int


class Traced(Record):
    """A stage's microbatch."""

    forward: Pass
    backward: Pass
    takes: tuple[Tensor, ...]
    gives: tuple[Tensor, ...]


class Paper(Counting):
    """While it is entered, collectives and FLOPs are counted, and ops whose result is known by its shape don't run."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    def __torch_dispatch__(
        self, func: Any, types: Sequence[Any], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func.namespace != "aten":
            return super().__torch_dispatch__(func, types, args, kwargs)
        out = (_remembered if _functional(func) else _run)(func, args, kwargs or {})
        self.flops += _flops(func, args, kwargs or {}, out)
        return out

    def since(self, calls: int, flops: int) -> tuple[tuple[Call, ...], int]:
        """The calls and FLOPs behind the first so many."""
        return tuple(self.calls[calls:]), self.flops - flops


def traced(module: nn.Module, stage: int, takes: Sequence[Tensor]) -> Traced:
    """Run a module forward and backward: `takes` are the tensors that it is handed, gradients wanted where they say so.

    Its parameters have gradients afterwards.
    """
    kept = _Kept(module)
    with Paper() as paper:
        with saved_tensors_hooks(kept.keep, _same):
            output = module(*takes)
        calls, flops = len(paper.calls), paper.flops
        gives = tuple(output) if isinstance(output, tuple) else (output,)
        for tensor in (*takes, *gives):
            kept.keep(tensor)
        trained = [tensor for tensor in gives if tensor.requires_grad]
        if trained:
            torch.autograd.backward(trained, [torch.empty_like(tensor) for tensor in trained])
    forward = Pass("forward", stage, tuple(paper.calls[:calls]), flops, kept.bytes)
    backward = Pass("backward", stage, *paper.since(calls, flops), kept.bytes)
    examples = tuple(torch.empty_like(tensor, requires_grad=tensor.requires_grad) for tensor in gives)
    return Traced(forward, backward, tuple(takes), examples)


class _Kept:
    """The memory that tensors lie in, each once; that of the module's own tensors is counted elsewhere."""

    def __init__(self, module: nn.Module) -> None:
        own = [*module.parameters(), *module.buffers()]
        self._known = {_memory(tensor) for tensor in own}
        self._held: list[Tensor] = own
        self.bytes = 0

    def keep(self, tensor: Tensor) -> Tensor:
        memory = _memory(tensor)
        if memory not in self._known:
            self._known.add(memory)
            self._held.append(tensor.detach())  # as long as it is held, no other tensor's memory is taken for this one
            self.bytes += tensor.untyped_storage().nbytes()
        return tensor


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata  # pyright: ignore[reportPrivateUsage]


def _same(tensor: Tensor) -> Tensor:
    return tensor


_Shaped = Any
"""Of a result: (shape, strides, dtype) for a tensor, a list of them, or None."""

_results: dict[tuple[Any, ...], _Shaped] = {}


@cache
def _functional(func: Any) -> bool:
    """Whether an op makes new tensors and changes none: no view, nothing in place."""
    schema = func._schema
    return not schema.is_mutable and not any(given.alias_info for given in (*schema.arguments, *schema.returns))


def _run(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    return func(*args, **kwargs)


def _remembered(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    key = (func, *map(_key, args), *((name, _key(value)) for name, value in kwargs.items()))
    known = _results.get(key)
    if known is not None:
        return _made(known)
    out = func(*args, **kwargs)
    if all(tensor.is_meta for tensor in (*_tensors(args), *_tensors(out))):
        _results[key] = _shaped(out)
    return out


def _key(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.shape, value.stride(), value.dtype, value.device
    return tuple(map(_key, value)) if isinstance(value, (list, tuple)) else (type(value), value)


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, (list, tuple)):
        return [tensor for each in value for tensor in _tensors(each)]
    return [value] if isinstance(value, Tensor) else []


def _shaped(out: Any) -> _Shaped:
    if isinstance(out, Tensor):
        return tuple(out.shape), out.stride(), out.dtype
    return None if out is None else list(map(_shaped, out))


def _made(shaped: _Shaped) -> Any:
    if isinstance(shaped, tuple):
        return torch.empty_strided(shaped[0], shaped[1], dtype=shaped[2], device="meta")
    return None if shaped is None else tuple(map(_made, shaped))


def _flops(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any], out: Any) -> int:
    """Of one op; torch's own counter is off where a convolution has groups."""
    packet = func._overloadpacket
    if packet is torch.ops.aten.convolution:
        return 2 * _conv_macs(args[0], args[1], out, transposed=args[6])
    if packet is torch.ops.aten.convolution_backward:
        macs = _conv_macs(args[1], args[2], args[0], transposed=args[7])
        return 2 * macs * sum(args[10][:2])  # the input's gradient and the weights' take as much as the forward pass
    counter = flop_registry.get(packet)
    return 0 if counter is None else counter(*args, **kwargs, out_val=out)


def _conv_macs(x: Tensor, weight: Tensor, out: Tensor, *, transposed: bool) -> int:
    """Each number of the result, or of the input of a transposed one, meets one filter."""
    return (x.numel() if transposed else out.numel()) * prod(weight.shape[1:])
