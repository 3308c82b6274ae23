"""A training run's folder: a checkpoint to resume from, the curves as numbers and as a picture.

    checkpoint.safetensors   weights, optimiser state, random state; what was asked for stands in its metadata
    history.csv              a line for each epoch
    steps.csv                the training loss of every step
    curves.png               both as a picture

A file is written beside its place and then renamed, so that a run that is killed can resume from its last epoch.
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer


class Epoch(NamedTuple):
    epoch: int
    train_loss: float
    held_out_loss: float
    held_out_accuracy: float


class Run:
    """What has happened so far. `asked` is what was asked for: a run only resumes with the same."""

    def __init__(self, folder: Path, asked: dict[str, Any]) -> None:
        self.folder = folder
        self.asked = asked
        self.epochs: list[Epoch] = []
        self.losses: list[float] = []

    def resume(self, module: nn.Module, optimizer: Optimizer) -> bool:
        """Go on from the folder's checkpoint, if there is one. Raises `ValueError` if something else was asked for."""
        path = self.folder / "checkpoint.safetensors"
        if not path.exists():
            return False
        with safe_open(path, "pt") as file:
            told = json.loads(file.metadata()["run"])
            differing = [name for name, value in self.asked.items() if told["asked"].get(name) != value]
            if differing:
                raise ValueError(f"{path} is from a run with another {', '.join(differing)}")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a dict)
        module.load_state_dict(_within("model.", tensors))
        _load_optimizer(optimizer, _within("optimizer.", tensors), told["optimizer"])
        torch.set_rng_state(tensors["random"])
        self.epochs = [Epoch(*row) for row in told["epochs"]]
        self.losses = told["losses"]
        return True

    def save(self, module: nn.Module, optimizer: Optimizer) -> None:
        """Write all files anew."""
        self.folder.mkdir(parents=True, exist_ok=True)
        state = {f"{i}.{name}": t for i, kept in _by_parameter(optimizer) for name, t in kept.items() if _is(t)}
        rest = {f"{i}.{name}": t for i, kept in _by_parameter(optimizer) for name, t in kept.items() if not _is(t)}
        tensors = {
            **{f"model.{name}": tensor.contiguous() for name, tensor in module.state_dict().items()},
            **{f"optimizer.{name}": tensor.contiguous() for name, tensor in state.items()},
            "random": torch.get_rng_state(),
        }
        told = {"asked": self.asked, "epochs": self.epochs, "losses": self.losses, "optimizer": rest}
        beside = self.folder / ".checkpoint.safetensors"
        save_file(tensors, beside, {"run": json.dumps(told)})
        os.replace(beside, self.folder / "checkpoint.safetensors")
        self._write_csv("history.csv", Epoch._fields, self.epochs)
        self._write_csv("steps.csv", ("step", "loss"), list(enumerate(self.losses)))

    def _write_csv(self, name: str, header: tuple[str, ...], rows: Any) -> None:
        beside = self.folder / f".{name}"
        with open(beside, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)
        os.replace(beside, self.folder / name)


def _is(value: object) -> bool:
    return isinstance(value, Tensor)


def _by_parameter(optimizer: Optimizer) -> list[tuple[int, dict[str, Any]]]:
    return list(optimizer.state_dict()["state"].items())


def _within(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _load_optimizer(optimizer: Optimizer, tensors: dict[str, Tensor], rest: dict[str, Any]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for key, value in {**tensors, **rest}.items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
