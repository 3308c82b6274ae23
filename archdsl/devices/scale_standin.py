# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
"""Stages as a schedule sees them, that have run once on paper: they tell of each microbatch instead of computing it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from archdsl.devices.scale_paper import Pass, Traced
from archdsl.devices.traffic_counted import Call, Counting


class Turns(Counting):
    """What a rank does, in order: the calls that are dispatched, and the passes that stand-ins report between them."""

    def __init__(self) -> None:
        super().__init__()
        self._turns: list[Pass | Call] = []

    def add(self, one: Pass) -> None:
        self._turns += [*self.calls, one]
        self.calls.clear()

    def all(self) -> tuple[Pass | Call, ...]:
        return (*self._turns, *self.calls)


class StandIn(nn.Module):
    """A stage that has been traced: it tells of each microbatch, and gives what the stage would."""

    def __init__(self, made: Traced, turns: Turns) -> None:
        super().__init__()
        self.made = made
        self.turns = turns
        self.trained = nn.Parameter(torch.empty(0, device="meta"))
        """What makes the first stage's results have gradients, as its weights would."""

    def forward(self, *inputs: Tensor) -> Any:
        gives = _Replay.apply(self.made, self.turns, self.trained, *inputs)
        return gives if len(gives) > 1 else gives[0]


class _Replay(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, made: Traced, turns: Turns, _: Tensor, *inputs: Tensor) -> Any:
        ctx.made, ctx.turns, ctx.inputs = made, turns, inputs
        turns.add(made.forward)
        gives = tuple(torch.empty_like(tensor) for tensor in made.gives)
        ctx.mark_non_differentiable(*(own for own, tensor in zip(gives, made.gives) if not tensor.requires_grad))
        return gives

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Any:
        ctx.turns.add(ctx.made.backward)
        wanted = ctx.needs_input_grad[3:]
        return None, None, None, *(torch.empty_like(x) if want else None for x, want in zip(ctx.inputs, wanted))


def any_loss(output: Any, target: Tensor) -> Tensor:
    """What a schedule runs backward from; a stand-in's results have no numbers to compare."""
    return (output[0] if isinstance(output, tuple) else output).sum()
