"""Steps of one device: every process trains as the network on one device does."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.nn import functional as F

from archdsl import api
from archdsl.compiler import check
from archdsl.devices.local import local
from archdsl.devices.processes import ProcessLink
from archdsl.devices.transfers import linked
from archdsl.devices.weights import own_state, sum_gradients, whole_state
from archdsl.ir.graph import Program
from archdsl.source import Source

SPEC = """
mesh gpus[2]
block two(c) { conv(c, 3x3, pad=1) -> relu -> conv(c, 3x3, pad=1) }
network net(classes = 10) {
    input image: [N, 3, 12, 12]
    stem: conv(8, 3x3, pad=1) -> early: relu
    on(gpus[1]) { a: conv(8, 3x3, pad=1) -> relu -> two(8) -> mid: relu; add(@, @early) }
    b: conv(8, 3x3, pad=1)
    add { @; @mid }
    inception {
        on(gpus[0]) { conv(8, 1x1) }
        side: on(gpus[1]) { conv(8, 1x1) -> relu }
        split(gpus) { conv(8, 3x3, pad=1) }
    }
    avgpool(out=2x2) -> flatten
    head: linear(classes)
}
"""


def program() -> Program:
    checked = check(Source("net.arch", SPEC))
    assert checked.program is not None, checked.diagnostics
    return checked.program


HEAD = ("head.weight", "head.bias")


def train(module: nn.Module) -> list[float]:
    torch.manual_seed(1)
    image, target = torch.randn(6, 3, 12, 12), torch.randint(10, (6,))
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    losses: list[float] = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = F.cross_entropy(module(image), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def process(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    torch.manual_seed(0)
    state = api.build(program()).state_dict()
    cut = local(program(), rank)
    module, link = api.build(cut.program), ProcessLink()
    module.load_state_dict(own_state(state, cut))
    sum_gradients(module, cut, link)
    with linked(link):
        losses = train(module)
    torch.save((losses, module.state_dict()), f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


def test_trains_as_one_device_does(tmp_path: Path) -> None:
    mp.spawn(process, (str(tmp_path),), nprocs=2)  # type: ignore[no-untyped-call]
    results = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    torch.manual_seed(0)
    module = api.build(program())
    losses = train(module)
    assert results[0][0] == results[1][0]
    torch.testing.assert_close(torch.tensor(results[0][0]), torch.tensor(losses), rtol=1e-5, atol=0)
    whole = whole_state([state for _, state in results], local(program(), 0))
    assert whole.keys() == module.state_dict().keys()
    for key, value in module.state_dict().items():
        torch.testing.assert_close(whole[key], value, rtol=1e-4, atol=1e-6)


def test_a_device_has_the_weights_of_its_own_steps_alone() -> None:
    keys = [set(api.build(local(program(), device).program).state_dict()) for device in range(2)]
    assert "a.weight" in keys[1] - keys[0]
    assert "7.weight" in keys[0] - keys[1]
    assert keys[0] & keys[1] == {"stem.weight", "stem.bias", "b.weight", "b.bias", "9.weight", "9.bias", *HEAD}
