"""Plans of networks that are split: what they say of a device is what it holds, computes and sends."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.testing._internal.distributed.fake_pg import FakeStore
from torch.utils.flop_counter import FlopCounterMode

from archdsl import api
from archdsl.api import program
from archdsl.devices.local import group_mesh, local
from archdsl.devices.own import own_shape
from archdsl.devices.plan.ask import NoPlan, ask
from archdsl.devices.plan.choose import Network, Request
from archdsl.devices.plan.file import plan_json
from archdsl.devices.plan.machine import Machine
from archdsl.devices.spmd import on_mesh
from archdsl.devices.stages import staged
from archdsl.devices.traffic import traffic
from archdsl.devices.traffic_counted import Counting
from archdsl.ir.graph import Program
from archdsl.state import tensors
from tests.devices import nets, networks
from tests.devices.networks import program as checked
from tests.devices.saving import saving

ALEXNET = Path(__file__).parents[2] / "specs" / "alexnet.arch"
NETWORKS = {
    "alexnet": program(ALEXNET, "alexnet_two_devices"),
    "every step": checked(nets.ALL.format(devices=2)),
    "on four": checked(nets.ALL.format(devices=4)),
    "towers": checked(nets.TOWERS),
    "uneven": checked(nets.UNEVEN),
    "uneven groups": checked(nets.GROUPS.format(devices=4, by=[1, 3, 2, 2], norm="bn")),
    "branches": checked(nets.BRANCHES),
    "tied": checked(nets.TIED),
}
BATCH = 3

UNCOUNTED = {
    "every step": "the counter takes a grouped convolution's backward pass for an ungrouped one's",
    "uneven groups": "likewise",
}


def apart(network: Program) -> Network:
    return Network(network, "N", 1.0, group_mesh(network))


class Step:
    """A training step of one device's module, in a group of processes that is not there."""

    def __init__(self, network: Program, rank: int, *, gradient: bool = False) -> None:
        """`gradient`: of its inputs, too, as in a stage of a pipeline that is not the first."""
        mesh = group_mesh(network)
        assert mesh is not None
        dist.init_process_group("fake", store=FakeStore(), rank=rank, world_size=mesh.size)
        try:
            group = init_device_mesh("cpu", (mesh.size,), mesh_dim_names=(mesh.name,))
            self.module = on_mesh(network, group, lambda: api.build(network), drawn=False).train()
            shapes = [own_shape(value.shape, rank) for value in network.graph.inputs]
            inputs = [torch.randn(x.at({**network.nominal, "N": BATCH}), requires_grad=gradient) for x in shapes if x]
            self.module(*inputs)  # the first time, processes ask one another
            self._run(self.module, inputs)
        finally:
            dist.destroy_process_group()

    def _run(self, module: nn.Module, inputs: list[Tensor]) -> None:
        with saving(module) as saved, FlopCounterMode(display=False) as counter, Counting() as counting:
            made = module(*inputs)
            outputs: list[Tensor] = [made] if isinstance(made, Tensor) else list(made)
            sum(x.sum() for x in outputs).backward()  # type: ignore[union-attr]
        self.saved = saved.bytes
        self.state = sum({x.untyped_storage().data_ptr(): x.nbytes for x in module.state_dict().values()}.values())
        self.flops = counter.get_total_flops()
        self.sent = counting.sent


@pytest.mark.parametrize("name", NETWORKS)
def test_a_device_does_what_is_said(name: str) -> None:
    """FLOPs, bytes of weights, kept and sent: to the last."""
    network = apart(NETWORKS[name])
    measured = network.measured(BATCH)
    assert network.mesh is not None
    steps = [Step(network.program, rank) for rank in range(network.mesh.size)]
    kept = sum(cost.kept_bytes for cost in measured.steps)
    kept += sum(measured.bytes(value) for value in network.flow.inputs if measured.kept(value))
    assert kept == max(step.saved for step in steps)
    assert sum(cost.sent_bytes for cost in measured.steps) == max(step.sent for step in steps)
    if name not in UNCOUNTED:
        assert sum(cost.flops for cost in measured.steps) == max(step.flops for step in steps)
    assert sum(cost.state_bytes for cost in measured.steps) == max(step.state for step in steps)


TURNS = """
mesh gpus[2]
network net {
    input image: [N, 1, 8, 8]
    on(gpus[0]) { conv(8, 3x3, pad=1) -> relu }
    on(gpus[1]) { conv(8, 3x3, pad=1) -> relu -> avgpool(out=1x1) -> flatten -> linear(10) }
}
"""


def test_devices_that_take_turns_gain_nothing() -> None:
    """What comes from another device has a gradient as well: its layers are computed back through, once by someone."""
    network = checked(TURNS)
    one = Network(checked(TURNS.replace("on(gpus[0])", "").replace("on(gpus[1])", "")), "N", 1.0, None)
    assert sum(cost.flops for cost in apart(network).measured(BATCH).steps) == one.flops(BATCH)


def test_stages_send_what_the_plan_says() -> None:
    """Cut apart as they run, the stages have together what the network has: no value is entered twice."""
    several = 0
    for seed in range(30):
        network = networks.split(Random(f"stages {seed}"))
        plan = ask(network, Request(8, 13, Machine(flops=10**7, link=10**9))).plan
        several += len(plan.stages) > 1
        for part, stage in zip(staged(network, [stage.steps for stage in plan.stages]), plan.stages, strict=True):
            if group_mesh(part.program) is None:
                assert not stage.split_bytes
            else:
                ran = [Step(part.program, rank, gradient=part.number > 0) for rank in (0, 1)]
                assert plan.microbatch * stage.split_bytes / plan.batch == max(step.sent for step in ran) / BATCH, seed
                assert max(step.state for step in ran) == stage.weight_bytes, seed
    assert several > 15


def test_what_a_split_sends_is_its_traffic() -> None:
    """The devices' parts of it, put together."""
    plan = ask(NETWORKS["alexnet"], Request(2, 64)).plan
    (stage,) = plan.stages
    assert 2 * stage.split_bytes == traffic(NETWORKS["alexnet"], "N").total.at(64) == 64 * 489_376


@pytest.mark.parametrize(("devices", "near"), [(1, "2"), (3, "2 or 4")])
def test_a_split_needs_whole_groups(devices: int, near: str) -> None:
    with pytest.raises(NoPlan) as refused:
        ask(NETWORKS["alexnet"], Request(devices, 64))
    assert refused.value.error.code == "E1360"
    assert refused.value.error.said(refused.value.error.help) == f"choose --devices {near}"


def test_what_cant_be_cut_is_refused() -> None:
    spec = "mesh gpus[2]\nnetwork net {\n input x: [N, 4, 4, 4]\n split(gpus) { conv(8, 1x1) -> rrelu }\n}"
    with pytest.raises(NoPlan, match="what `rrelu` draws"):
        ask(checked(spec), Request(2, 8))


def test_load_gives_the_part_of_this_process(tmp_path: Path) -> None:
    """By its rank, in a group that only counts: the devices of a split, then stages, then replicas."""
    spec = Path(__file__).parents[2] / "examples" / "two_devices.arch"
    network = program(spec)
    plan = ask(network, Request(8, 26, Machine(flops=10**9))).plan
    assert (len(plan.stages), plan.replicas, plan.width) == (2, 2, 2)
    path = tmp_path / "plan.json"
    path.write_text(plan_json(plan, network), encoding="utf-8")
    stages = staged(network, [stage.steps for stage in plan.stages])
    for rank in range(8):
        dist.init_process_group("fake", store=FakeStore(), rank=rank, world_size=8)
        try:
            module = api.load(spec, plan=path)
        finally:
            dist.destroy_process_group()
        own = local(stages[rank // 2 % 2].program, rank % 2).program
        shapes = {key: tuple(value.shape) for key, value in module.state_dict().items()}
        assert shapes == {held.key: held.shape for held in tensors(own)}
    with pytest.raises(ValueError, match="is for 8 processes, and there are 1"):
        api.load(spec, plan=path)
