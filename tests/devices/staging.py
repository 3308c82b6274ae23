"""Networks in stages, each a process of a pipeline: a training run of theirs, and the one on one device that it equals.

A pipeline works through a batch in microbatches. For most steps of a network that changes nothing: each sample is
computed by itself, and a mean over the batch is the mean of the microbatches' means. Dropout is drawn for the batch.
But batch normalisation in training takes mean and variance of what it is given, so in a pipeline of each microbatch.
What equals it on one device is the module that is given one microbatch after the other and adds up their gradients; or
one whose statistics are frozen, which takes the whole batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm  # pyright: ignore[reportPrivateUsage]

from archdsl import api
from archdsl.devices.pipeline import Pipeline, ScheduleName
from archdsl.ir.graph import Program
from archdsl.record import Record
from tests.devices import networks
from tests.devices.agreement import Run, followed, runs_of

SPECS = Path(__file__).parents[2] / "specs"


class Staged(Record):
    """A network in stages, and how they are run.

    shape:  of a step's whole batch.
    stages: the paths of each one's steps; None: as the spec has them.
    norm:   of batch normalisation: "" where there is none, else by which statistics: of each "microbatch", or "frozen".
    rate:   the learning rate. With statistics frozen at 0 and 1 an untrained ResNet's gradients are so large that at a
            higher one, on one device too, microbatches give other weights than the batch does: by 1e-3 at 0.001.
    """

    spec: str
    target: str
    shape: tuple[int, ...]
    stages: tuple[tuple[str, ...], ...] | None
    processes: int
    schedule: ScheduleName
    microbatches: int
    norm: str = ""
    rate: float = 0.01

    @property
    def program(self) -> Program:
        return networks.program(self.spec, self.target)

    @property
    def how(self) -> str:
        """How it is run, for a table."""
        shared = f" in {self.processes} processes" if self.schedule == "interleaved" else ""
        norm = {"": "", "microbatch": ", normalised by microbatch", "frozen": ", statistics frozen"}[self.norm]
        count = 4 if shared else self.processes
        return f"{count} stages{shared}, {self.schedule}{norm}"


RESNET = (SPECS / "resnet.arch").read_text(encoding="utf-8")
VGG = (SPECS / "vgg.arch").read_text(encoding="utf-8").replace(
    "4096", "256"
) + "\nvariant narrow_vgg11 = vgg(column=A)\n"
"""With narrow linear layers: at full width they are 120 of 130 million parameters."""

RESNET_IN = {
    2: (("conv1",), ("layer3", "fc")),
    4: (("conv1", "layer1.0"), ("layer1.1", "layer2"), ("layer3", "layer4.0"), ("layer4.1", "fc")),
}
"""`layer4` is cut between its units."""
VGG_IN = {
    2: (("features.0",), ("features.11", "classifier")),
    4: (("features.0",), ("features.6",), ("features.13",), ("classifier",)),
}


def _cases(processes: int) -> list[Staged]:
    """The schedules in which so many processes run the networks: a stage each or, interleaved, two."""
    runs: list[tuple[ScheduleName, int]] = [("gpipe", processes), ("1f1b", processes)]
    if processes == 2:
        runs.append(("interleaved", 4))
    return [
        case
        for schedule, count in runs
        for case in (
            Staged(RESNET, "resnet18", (8, 3, 64, 64), RESNET_IN[count], processes, schedule, 4, "microbatch"),
            Staged(RESNET, "resnet18", (8, 3, 64, 64), RESNET_IN[count], processes, schedule, 8, "frozen", 1e-4),
            Staged(VGG, "narrow_vgg11", (8, 3, 32, 32), VGG_IN[count], processes, schedule, 4, "", 0.05),
        )
    ]


CASES = {processes: _cases(processes) for processes in (2, 4)}


def data(case: Staged) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(3)
    return torch.randn(case.shape, generator=random), torch.randint(10, case.shape[:1], generator=random)


def prepared(modules: nn.Module, case: Staged) -> None:
    """In training mode, but for statistics that are frozen."""
    modules.train()
    if case.norm == "frozen":
        for module in modules.modules():
            if isinstance(module, BatchNorm):
                module.eval()


def one_device(case: Staged) -> Run:
    """The run of the one module, by microbatches where its batch normalisation sees them."""
    torch.manual_seed(0)
    module = api.build(case.program)
    prepared(module, case)
    parts = case.microbatches if case.norm == "microbatch" else 1
    image, target = data(case)

    def step() -> tuple[Tensor, Tensor]:
        outputs: list[Tensor] = []
        losses: list[Tensor] = []
        for images, classes in zip(image.chunk(parts), target.chunk(parts)):
            outputs.append(module(images))
            losses.append(F.cross_entropy(outputs[-1], classes) / parts)
            losses[-1].backward()
        return torch.cat(outputs), torch.stack(losses).sum()

    return followed(module, step, case.rate)


def by_stages(case: Staged) -> Run:
    """This process's part of the run."""
    torch.manual_seed(0)
    pipeline = Pipeline(
        case.program,
        api.build(case.program).state_dict(),
        F.cross_entropy,
        batch=case.shape[0],
        microbatches=case.microbatches,
        schedule=case.schedule,
        sizes=dict(zip(("H", "W"), case.shape[2:])),
        paths=case.stages,
    )
    prepared(pipeline.modules, case)
    image, target = data(case)

    def step() -> tuple[Tensor | None, Tensor | None]:
        return pipeline.step(*[image] * pipeline.first, target=target if pipeline.last else None)

    run = followed(pipeline.modules, step, case.rate)
    return Run(run.losses, run.output, _whole(run.gradients), _whole(run.weights))


def _whole(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """By the network's keys, without the stage's number."""
    return {key.partition(".")[2]: value for key, value in tensors.items()}


def runs_by_stages(cases: Sequence[Staged], folder: Path) -> list[Run]:
    """Each case's run, by as many processes as it needs, which is the same number for all."""
    return [_put_together(parts) for parts in runs_of(by_stages, cases, cases[0].processes, folder)]


def _put_together(parts: Sequence[Run]) -> Run:
    """The last process knows losses and outputs; each knows its stages' gradients and weights."""
    last = parts[-1]
    gradients = {key: value for part in parts for key, value in part.gradients.items()}
    weights = {key: value for part in parts for key, value in part.weights.items()}
    assert len(weights) == sum(len(part.weights) for part in parts), "no two stages have one weight"
    return Run(last.losses, last.output, gradients, weights)
