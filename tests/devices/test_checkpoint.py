"""Checkpoints: the same numbers under any layout, published whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.distributed.device_mesh import init_device_mesh

from archdsl import api
from archdsl.compiler import check
from archdsl.devices import checkpoint
from archdsl.devices.checkpoint import CheckpointError, Cut
from archdsl.devices.local import local
from archdsl.devices.stages import staged
from archdsl.devices.weights import own_state
from archdsl.ir.graph import Program
from archdsl.source import Source

SPEC = """
mesh gpus[2]
network net {{
    input image: [N, 3, 8, 8]
    {one} {{ conv1: conv(8, 3x3) -> bn1: bn -> relu }}
    {two} {{ flatten -> fc: linear(10) }}
}}
"""


def program(one: str, two: str) -> Program:
    checked = check(Source("net.arch", SPEC.format(one=one, two=two)))
    assert checked.program is not None, checked.diagnostics
    return checked.program


SPLIT, STAGED = program("split(gpus)", "split(gpus)"), program("stage", "stage")


def tensors(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights, and what an optimiser keeps for some of them."""
    momentum = {f"optimizer.{key}.momentum": value * 2 for key, value in state.items() if value.dim() > 0}
    return {**{f"model.{key}": value for key, value in state.items()}, **momentum}


def whole() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return dict(api.build(STAGED).state_dict())


def save_split(rank: int, folder: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    mesh, cut = init_device_mesh("cpu", (2,)), local(SPLIT, rank)
    checkpoint.publish(Path(folder) / "split", 7, tensors(own_state(whole(), cut)), {"loss": 0.5}, Cut(cut.parts, mesh))
    stage = staged(STAGED)[rank].program
    own = {key: whole()[key] for key in api.build(stage).state_dict()}
    checkpoint.publish(Path(folder) / "staged", 7, tensors(own), {})
    # And back, each under the other layout.
    for name in ("split", "staged"):
        wanted = tensors(own_state(whole(), cut))
        found = {key: torch.zeros_like(value) for key, value in wanted.items()}
        checkpoint.restore(Path(folder) / name / "step-00000007", found, Cut(cut.parts, mesh))
        assert all(torch.equal(found[key], value) for key, value in wanted.items())
    dist.barrier()
    dist.destroy_process_group()


def test_any_layout_reads_what_any_layout_wrote(tmp_path: Path) -> None:
    mp.spawn(save_split, (str(tmp_path),), nprocs=2)  # type: ignore[no-untyped-call]
    for name in ("split", "staged"):
        published = checkpoint.latest(tmp_path / name)
        assert published is not None
        assert checkpoint.told(published)["step"] == 7
        found = {key: torch.zeros_like(value) for key, value in tensors(whole()).items()}
        checkpoint.restore(published, found)
        assert all(torch.equal(found[key], value) for key, value in tensors(whole()).items())
        assert "optimizer.fc.weight.momentum" in checkpoint.kept_by_optimizer(published)


def test_says_what_does_not_fit(tmp_path: Path) -> None:
    published = checkpoint.publish(tmp_path, 1, {"model.w": torch.ones(3)}, {})
    with pytest.raises(CheckpointError, match=r"has no model\.v"):
        checkpoint.restore(published, {"model.v": torch.ones(3)})
    with pytest.raises(CheckpointError, match=r"model\.w is \[3\] in .*, but \[4\] is wanted"):
        checkpoint.restore(published, {"model.w": torch.ones(4)})


@pytest.mark.parametrize("point", ["archdsl.devices.checkpoint.save", "os.rename", "os.replace"])
def test_a_crash_leaves_what_was_published(point: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each step of publishing: while torch writes, before the folder has its name, before `latest` names it."""
    checkpoint.publish(tmp_path, 1, {"model.w": torch.ones(3)}, {"loss": 1})

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(point, crash)
        with pytest.raises((KeyboardInterrupt, CheckpointError)):
            checkpoint.publish(tmp_path, 2, {"model.w": torch.zeros(3)}, {"loss": 2})
    published = checkpoint.latest(tmp_path)
    assert published is not None
    assert checkpoint.told(published) == {"step": 1, "loss": 1}
    found = {"model.w": torch.zeros(3)}
    checkpoint.restore(published, found)
    assert torch.equal(found["model.w"], torch.ones(3))
    # The next save goes through, whatever the crash left.
    checkpoint.publish(tmp_path, 2, {"model.w": torch.zeros(3)}, {})
    assert checkpoint.latest(tmp_path) == tmp_path / "step-00000002"


def test_keeps_the_last_ones(tmp_path: Path) -> None:
    for step in range(1, 5):
        checkpoint.publish(tmp_path, step, {"model.w": torch.ones(3)}, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "step-00000003", "step-00000004"]
