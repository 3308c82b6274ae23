# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""A network in training, on however many processes: a step, and the tensors that a checkpoint is made of.

What it is trained with is SGD with momentum on the cross entropy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from archdsl.devices.checkpoint import Cut
from archdsl.devices.pipeline import Pipeline
from archdsl.devices.replicas import average_gradients
from archdsl.devices.watch import Watch
from archdsl.run.plan import Plan

GRADIENTS = "the replicas' gradients"
LOSS = "the replicas' losses"
"""Where processes wait for each other, beside exchanges and stages."""


RANDOM, RANDOM_GPU = "random", "random.cuda"


class Training:
    """One device, or every process has all of a step's samples.

    cut:    which parts of tensors this process has.
    losses: it knows the loss.
    """

    cut: Cut | None = None
    knows_loss = True

    def __init__(self, modules: Iterable[nn.Module], plan: Plan) -> None:
        self.device = plan.device
        self.modules = nn.ModuleList(modules)
        self.optimizer = torch.optim.SGD(self.modules.parameters(), lr=plan.lr, momentum=plan.momentum)

    def step(self, images: Tensor, classes: Tensor) -> float | None:
        """Train on a batch; the mean loss over it, where it is known."""
        self.modules.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.backward(images.to(self.device), classes.to(self.device))
        self.optimizer.step()
        return None if loss is None else float(loss.detach())

    def backward(self, images: Tensor, classes: Tensor) -> Tensor | None:
        """Compute the gradients of the mean loss."""
        loss = F.cross_entropy(self.modules[0](images), classes)
        loss.backward()
        return loss

    def named_parameters(self) -> dict[str, nn.Parameter]:
        return {name: parameter for module in self.modules for name, parameter in plain(module).named_parameters()}

    def tensors(self) -> dict[str, Tensor]:
        """Everything that training goes on from, by keys that do not depend on the layout."""
        state = self.optimizer.state
        return {
            **{f"model.{key}": value for module in self.modules for key, value in plain(module).state_dict().items()},
            **{
                f"optimizer.{key}.{name}": value
                for key, parameter in self.named_parameters().items()
                for name, value in state.get(parameter, {}).items()
                if isinstance(value, Tensor)
            },
            RANDOM: torch.get_rng_state(),
            **({RANDOM_GPU: torch.cuda.get_rng_state()} if self.device.type == "cuda" else {}),
        }

    def blank(self, stored: Mapping[str, torch.dtype]) -> dict[str, Tensor]:
        """Tensors to be filled from a checkpoint that has these; it may be of a run on another kind of device."""
        parameters = self.named_parameters()
        for key, dtype in stored.items():
            kind, _, name = key.partition(".")
            name, _, what = name.rpartition(".")
            if kind == "optimizer" and name in parameters:
                self.optimizer.state[parameters[name]][what] = torch.zeros_like(parameters[name], dtype=dtype)
        return {key: tensor for key, tensor in self.tensors().items() if key != RANDOM_GPU or key in stored}

    def go_on_from(self, tensors: Mapping[str, Tensor]) -> None:
        """Draw what is drawn next behind the checkpoint that these are of; the others have been filled in place."""
        torch.set_rng_state(tensors[RANDOM])
        if RANDOM_GPU in tensors:
            torch.cuda.set_rng_state(tensors[RANDOM_GPU])


def plain(module: nn.Module) -> nn.Module:
    """A module without what averages its gradients."""
    return module.module if isinstance(module, DistributedDataParallel) else module


class OnMesh(Training):
    """Processes that share a network out, or each have some of a step's samples, or both."""

    def __init__(self, module: nn.Module, mesh: DeviceMesh, watch: Watch, cut: Cut | None, plan: Plan) -> None:
        self.mesh = mesh
        self.watch = watch
        self.replicas = mesh["data"].size()
        if self.replicas > 1:
            module = DistributedDataParallel(module, process_group=mesh["data"].get_group())
        super().__init__([module], plan)
        self.cut = cut

    def backward(self, images: Tensor, classes: Tensor) -> Tensor:
        own = self.mesh["data"].get_local_rank()
        loss = F.cross_entropy(self.modules[0](images.chunk(self.replicas)[own]), classes.chunk(self.replicas)[own])
        self.watch.where = GRADIENTS  # which DDP averages; an exchange says by itself where it is
        loss.backward()
        mean = loss.detach().clone()
        if self.replicas > 1:
            self.watch.meet(LOSS, lambda: dist.all_reduce(mean, group=self.mesh["data"].get_group()))
        return mean / self.replicas


class Staged(Training):
    """Processes that are the stages of a pipeline, or of several with some of a step's samples each."""

    def __init__(self, pipeline: Pipeline, data: DeviceMesh, watch: Watch, cut: Cut | None, plan: Plan) -> None:
        super().__init__(pipeline.modules, plan)
        self.pipeline = pipeline
        self.data = data
        self.watch = watch
        self.cut = cut
        self.knows_loss = pipeline.last

    def backward(self, images: Tensor, classes: Tensor) -> Tensor | None:
        count, own = self.data.size(), self.data.get_local_rank()
        inputs = (images.chunk(count)[own],) if self.pipeline.first else ()
        target = classes.chunk(count)[own] if self.pipeline.last else None
        loss = self.pipeline.step(*inputs, target=target)[1]
        if count > 1:
            parameters = self.modules.parameters()
            self.watch.meet(GRADIENTS, lambda: average_gradients(parameters, self.data.get_group()))
        return loss
