"""One spec, several ways to run it: a training run in each, and by how much they differ.

A run is five steps of SGD with momentum, with dropout and other random numbers, from weights that a seed draws. What is
compared: the outputs, losses and gradients of the first step, and losses and weights after five.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

import archdsl
from archdsl.compiler import check
from archdsl.devices.local import group_mesh, local
from archdsl.devices.weights import whole_state
from archdsl.ir.graph import Program
from archdsl.record import Record
from archdsl.source import Source

STEPS = 5
CaseT = TypeVar("CaseT")


class Case(Record):
    """A network, and how it is run.

    shape:    of a step's whole batch.
    replicas: along the data axis.
    wrap:     what averages the replicas' gradients: "ddp", "fsdp", or "".
    target:   which network of the spec; None: the one that it has.
    rate:     the learning rate: one at which the loss falls, as rounding grows with everything else where it explodes.
    """

    name: str
    spec: str
    shape: tuple[int, ...]
    replicas: int = 1
    wrap: str = ""
    target: str | None = None
    rate: float = 0.01

    @property
    def program(self) -> Program:
        checked = check(Source("net.arch", self.spec), self.target)
        assert checked.program is not None, [each.title for each in checked.diagnostics]
        return checked.program

    @property
    def devices(self) -> int:
        mesh = group_mesh(self.program)
        return mesh.size if mesh else 1

    @property
    def title(self) -> str:
        return f"{self.name} {self.wrap}".strip()


class Run(Record):
    """What a training run gives. The first step's outputs and gradients, all losses, the last weights."""

    losses: list[float]
    output: Tensor
    gradients: dict[str, Tensor]
    weights: dict[str, Tensor]


def data(case: Case, rows: slice = slice(None)) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(3)
    image = torch.randn(case.shape, generator=random)
    return image[rows], torch.randint(10, case.shape[:1], generator=random)[rows]


def train(module: nn.Module, image: Tensor, target: Tensor, rate: float) -> Run:
    def step() -> tuple[Tensor, Tensor]:
        output = module(image)
        loss = F.cross_entropy(output, target)
        loss.backward()
        return output, loss

    return followed(module, step, rate)


def followed(module: nn.Module, step: Callable[[], tuple[Tensor | None, Tensor | None]], rate: float) -> Run:
    """The run in which a step leaves gradients, and gives outputs and loss where they are known."""
    optimizer = torch.optim.SGD(module.parameters(), lr=rate, momentum=0.9)
    losses: list[float] = []
    first = torch.empty(0)
    gradients: dict[str, Tensor] = {}
    for number in range(STEPS):
        optimizer.zero_grad()
        output, loss = step()
        if number == 0:
            first = first if output is None else output.detach().clone()
            gradients = {key: full(p.grad).clone() for key, p in module.named_parameters() if p.grad is not None}
        optimizer.step()
        if loss is not None:
            losses.append(loss.item())
    weights = {key: full(value).clone() for key, value in module.state_dict().items()}
    return Run(losses, first, gradients, weights)


def full(tensor: Tensor) -> Tensor:
    return getattr(tensor, "full_tensor", lambda: tensor)().detach()


def one_device(case: Case) -> Run:
    torch.manual_seed(0)
    return train(archdsl.loads(case.spec, case.target), *data(case), case.rate)


def on_devices(case: Case) -> Run:
    """The run by several devices of this process, all of them its CPU."""
    torch.manual_seed(0)
    module = archdsl.loads(case.spec, case.target, devices=["cpu"] * case.devices)
    run = train(module, *data(case), case.rate)
    parts: list[dict[str, Tensor]] = [{} for _ in range(case.devices)]
    for key, value in run.gradients.items():
        container = re.search(r"\bgpus(\d)\.", key)
        own = key.replace(container[0], "", 1) if container else key
        parts[int(container[1]) if container else 0][own] = value
    return Run(run.losses, run.output, whole_state(parts, local(case.program, 0)), run.weights)


def on_mesh(case: Case) -> Run:
    """This process's part of the run."""
    devices = case.devices
    sizes, names = (case.replicas, devices), ("data", "gpus")
    kept = [i for i in range(2) if sizes[i] > 1]
    mesh = init_device_mesh("cpu", tuple(sizes[i] for i in kept), mesh_dim_names=tuple(names[i] for i in kept))
    torch.manual_seed(0)
    module = archdsl.loads(case.spec, case.target, mesh=mesh)
    rows = case.shape[0] // case.replicas
    replica = mesh.get_local_rank("data") if case.replicas > 1 else 0
    run = train(_wrapped(module, case.wrap, mesh), *data(case, slice(rows * replica, rows * (replica + 1))), case.rate)
    plain = lambda state: {key.removeprefix("module."): value for key, value in state.items()}  # noqa: E731
    return Run(run.losses, run.output, plain(run.gradients), plain(run.weights))


def _wrapped(module: nn.Module, wrap: str, mesh: DeviceMesh) -> nn.Module:
    if wrap == "ddp":
        return DistributedDataParallel(module, process_group=mesh["data"].get_group())
    if wrap == "fsdp":
        fully_shard(module, mesh=mesh["data"])
    return module


def put_together(case: Case, parts: Sequence[Run]) -> Run:
    """The run of the whole network, of those of all processes: by data axis, then device."""
    devices = len(parts) // case.replicas
    replicas = [parts[i : i + devices] for i in range(0, len(parts), devices)]
    for replica in replicas:
        assert all(run.losses == replica[0].losses for run in replica), "the devices of a group have one loss"
    for i in range(devices):
        for replica in replicas:
            assert same(replica[i].weights, replicas[0][i].weights), "replicas have the same weights"
    first = replicas[0]
    own = local(case.program, 0) if devices > 1 else None

    def whole(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
        return whole_state(states, own) if own else states[0]

    losses = [sum(each) / case.replicas for each in zip(*(replica[0].losses for replica in replicas))]
    output = torch.cat([replica[0].output for replica in replicas])
    return Run(losses, output, whole([r.gradients for r in first]), whole([r.weights for r in first]))


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Numbers that a mean over the batch makes differ: running statistics are each replica's own."""
    return all(torch.equal(value, other[key]) for key, value in one.items() if not _running(key))


def _running(key: str) -> bool:
    return key.endswith(("running_mean", "running_var"))


class Difference(Record):
    """The largest difference of a number, as a part of the largest in its tensor; over all tensors of a kind.

    Some tensors are nothing but rounding: the gradient of a bias before a normalisation is 0. So the largest number in
    a tensor counts as at least a hundredth of the largest in all tensors of its kind.
    """

    loss: float
    output: float
    gradient: float
    weight: float

    @property
    def largest(self) -> float:
        return max(self.loss, self.output, self.gradient, self.weight)


def difference(run: Run, reference: Run) -> Difference:
    losses = zip(run.losses, reference.losses, strict=True)
    return Difference(
        max(abs(a - b) / abs(b) for a, b in losses),
        largest({"": run.output}, {"": reference.output}),
        largest(run.gradients, reference.gradients),
        largest(run.weights, reference.weights),
    )


def largest(found: Mapping[str, Tensor], reference: Mapping[str, Tensor]) -> float:
    """Of the differences of all tensors; keys and shapes must agree."""
    assert found.keys() == reference.keys()
    scales = {key: value.abs().max().item() for key, value in reference.items()}
    least = max(scale for key, scale in scales.items() if reference[key].dtype.is_floating_point) / 100
    differences: list[float] = []
    for key, value in reference.items():
        assert found[key].shape == value.shape, key
        differences.append((found[key] - value).abs().max().item() / max(scales[key], least))
    return max(differences)


def start_processes(process: Callable[..., None], size: int, *args: object) -> None:
    """Run `process(rank, size, *args)` in so many processes; whatever one raises is raised here.

    They are forks of one that has imported torch, which takes longer than most tests.
    """
    get_context("forkserver").set_forkserver_preload(["torch.distributed.fsdp", "archdsl.devices.spmd"])
    mp.start_processes(  # type: ignore[no-untyped-call]
        process, (size, *args), nprocs=size, start_method="forkserver"
    )


def start(rank: int, size: int, folder: str) -> None:
    """Join the group of processes. Nothing is waited for longer than half a minute."""
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    store = f"file://{folder}/store"
    dist.init_process_group("gloo", init_method=store, rank=rank, world_size=size, timeout=timedelta(seconds=30))


def _process(rank: int, size: int, run: Callable[[Any], Run], cases: Sequence[Any], folder: str) -> None:
    start(rank, size, folder)
    torch.save([dict(vars(run(case))) for case in cases], f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


def runs_of(run: Callable[[CaseT], Run], cases: Sequence[CaseT], size: int, folder: Path) -> list[list[Run]]:
    """For each case, what each of so many processes makes of it."""
    start_processes(_process, size, run, cases, str(folder))
    parts: list[list[dict[str, Any]]] = [torch.load(folder / f"{rank}.pt") for rank in range(size)]
    return [[Run(**part[i]) for part in parts] for i in range(len(cases))]


def runs_on_mesh(cases: Sequence[Case], folder: Path) -> list[Run]:
    """Each case's run by as many processes as it needs, which is the same number for all."""
    size = cases[0].devices * cases[0].replicas
    return [put_together(case, parts) for case, parts in zip(cases, runs_of(on_mesh, cases, size, folder))]
