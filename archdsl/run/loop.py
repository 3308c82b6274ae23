# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The run: steps, checkpoints, the losses, and at its end the weights as one device has them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from archdsl import api
from archdsl.devices import checkpoint
from archdsl.devices.fingerprint import fingerprint
from archdsl.devices.plan.match import plan_for
from archdsl.devices.watch import Watch
from archdsl.run import digits
from archdsl.run.layouts import training
from archdsl.run.plan import Plan
from archdsl.run.progress import progress, silence
from archdsl.run.training import Training
from archdsl.weights.loading import save


def run(plan: Plan, watch: Watch | None) -> None:
    """Train to the last step, from the last checkpoint if there is one. All processes do so at once.

    Raises `CompileError`, `DevicesError`, `ValueError` for what can't be run so or diverges, and `PeerLost`.
    """
    program = plan.program
    plan = _placed(plan)
    data = _data(plan)
    trained = training(plan, watch)
    network = fingerprint(program)
    losses = _resumed(trained, plan, network)
    first = not dist.is_initialized() or dist.get_rank() == 0
    if losses and first:
        print(f"resumed behind step {len(losses)}", flush=True)
    with progress(program.title, len(losses), plan.steps) if first else silence() as told:
        for step, batch in _steps(plan, data.train, len(losses)):
            if watch is not None:
                watch.step, watch.where = step, "the start"
                loss = watch.during(lambda batch=batch: trained.step(*batch))
                loss = watch.meet("the end", lambda loss=loss: _told(loss, trained))
            else:
                loss = trained.step(*batch)
            losses.append(loss or 0.0)
            told(step, losses[-1])
            if not isfinite(losses[-1]):
                raise ValueError(f"the loss of step {step} is {losses[-1]}: the weights are lost; try a smaller --lr")
            if step % plan.save_every == 0 or step == plan.steps:
                _save(trained, plan, network, step, losses, watch)
    if dist.is_initialized():
        dist.destroy_process_group()
    if first:
        _finish(plan, data, losses)


def _placed(plan: Plan) -> Plan:
    """With stages, batch, microbatches and schedule as the file of `archdsl plan` says, where one is named."""
    if plan.placing is None:
        return plan
    placed = plan_for(plan.program, plan.placing)
    processes = dist.get_world_size() if dist.is_initialized() else 1
    wanted = placed.used
    if processes not in (1, wanted):
        raise ValueError(f"{plan.placing} is for {wanted} processes, not {processes}")
    stages = [stage.steps for stage in placed.stages] if len(placed.stages) > 1 else None
    said: dict[str, Any] = {
        "batch": placed.batch,
        "microbatches": placed.microbatches,
        "schedule": placed.schedule,
        "stages": stages,
    }
    return Plan(**{**{name: getattr(plan, name) for name in plan.fields}, **said})


def _data(plan: Plan) -> digits.Digits:
    program = plan.program
    shape = program.graph.inputs[0].shape
    if shape is None or shape.rank != 4 or len(program.graph.inputs) != 1:
        raise ValueError("a network for digits has one input: [N, channels, height, width]")
    made = [value.shape for value in program.graph.outputs]
    if len(made) != 1 or made[0] is None or made[0].rank != 2 or made[0].at(program.nominal)[1] < digits.CLASSES:
        found = ", ".join(map(str, made))
        raise ValueError(f"a network for digits has one output, [N, {digits.CLASSES}] or wider; this one has {found}")
    _, channels, height, width = shape.at(program.nominal)
    return digits.load(channels, height, width, plan.folder)


def _steps(plan: Plan, train: digits.Split, done: int) -> Iterator[tuple[int, digits.Split]]:
    """The steps that are left, counted from 1, each with its batch: the same ones in every process and every run."""
    each = len(train.images) // plan.batch
    if not each:
        raise ValueError(f"a batch of {plan.batch} is more than the {len(train.images)} images that there are")
    for epoch in range(done // each, -(-plan.steps // each)):
        batches = digits.batches(train, plan.batch, plan.seed + 1000 * epoch)[:each]
        for step, batch in enumerate(batches, epoch * each + 1):
            if done < step <= plan.steps:
                yield step, batch


def _told(loss: float | None, trained: Training) -> float:
    """The loss, in every process: of a pipeline only the last knows it."""
    tensor = torch.tensor([loss or 0.0, float(trained.knows_loss)], dtype=torch.float64)
    dist.all_reduce(tensor)
    return float(tensor[0] / tensor[1])


def _resumed(trained: Training, plan: Plan, network: str) -> list[float]:
    """The losses so far; the weights, the optimiser and the random state are those of the last checkpoint."""
    last = checkpoint.latest(plan.out)
    if last is None:
        return []
    told = checkpoint.told(last)
    if told.get("network") != network:
        raise ValueError(f"{last} is of another network: give another --out, or the spec that it was written with")
    tensors = trained.blank(checkpoint.stored(last))
    checkpoint.restore(last, tensors, trained.cut)
    trained.go_on_from(tensors)
    return list(told["losses"])


def _save(trained: Training, plan: Plan, network: str, step: int, losses: list[float], watch: Watch | None) -> None:
    told = {"network": network, "losses": losses}

    def publish() -> Path:
        return checkpoint.publish(plan.out, step, trained.tensors(), told, trained.cut)

    if watch is None:
        publish()
    else:
        watch.meet("the checkpoint", publish)


def _finish(plan: Plan, data: digits.Digits, losses: list[float]) -> None:
    """The weights as the network on one device has them, how good they are, and the losses."""
    last = checkpoint.latest(plan.out)
    assert last is not None
    module = api.build(plan.program)
    state = {f"model.{key}": value for key, value in module.state_dict().items()}
    checkpoint.restore(last, state)
    save(module, str(plan.out / "weights.safetensors"))
    with open(plan.out / "losses.csv", "w", newline="") as file:
        csv.writer(file).writerows([("step", "loss"), *enumerate(losses, 1)])
    accuracy = _accuracy(module, data.held_out)
    print(f"step {len(losses)}: loss {losses[-1]:.4f}, held out {100 * accuracy:.2f}%", flush=True)


def _accuracy(module: nn.Module, split: digits.Split) -> float:
    module.eval()
    with torch.no_grad():
        scores: list[Tensor] = [module(images) for images in split.images.split(500)]
    return float((torch.cat(scores).argmax(1) == split.classes).float().mean())
