"""Checkpoints: the same numbers under any layout, published whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from archdsl import api
from archdsl.compiler import check
from archdsl.devices import checkpoint
from archdsl.devices.checkpoint import CheckpointError, Cut
from archdsl.devices.local import group_mesh, local
from archdsl.devices.stages import staged
from archdsl.devices.weights import own_state
from archdsl.ir.graph import Program
from archdsl.ir.stages import stages_of
from archdsl.source import Source
from tests.devices.agreement import start, start_processes

SPEC = """
mesh gpus[{devices}]
network net {{
    input image: [N, 3, 6, 6]
    {one} {{ conv1: conv(16, 3x3) -> bn1: bn -> relu {exchange} }}
    {two} {{
        conv2: conv(8, 3x3, groups=8) {exchange}
        up: conv_transpose(8, 2x2) {exchange} -> flatten
        fc: linear(16)
    }}
}}
"""


def program(devices: int, one: str, two: str = "", exchange: str = "-> exchange") -> Program:
    checked = check(Source("net.arch", SPEC.format(devices=devices, one=one, two=two or one, exchange=exchange)))
    assert checked.program is not None, checked.diagnostics
    return checked.program


LAYOUTS = {
    "one": program(2, 'section("")', exchange=""),
    "two stages": program(2, "stage", exchange=""),
    "two devices": program(2, "split(gpus)"),
    "two devices, unevenly": program(2, "split(gpus, by=[3, 5])"),
    "four devices": program(4, "split(gpus)"),
    "four devices, unevenly": program(4, "split(gpus, by=[1, 3, 2, 2])"),
}
"""One network, with the same weights."""

GROUPS = program(2, "split(gpus, by=[3, 5])", exchange="")
"""Another one, in groups of different sizes: each has tensors of its own."""


def tensors(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights, and what an optimiser keeps for some of them."""
    momentum = {f"optimizer.{key}.momentum": value * 2 for key, value in state.items() if value.dim() > 0}
    return {**{f"model.{key}": value for key, value in state.items()}, **momentum}


def whole(program: Program) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return dict(api.build(program).state_dict())


def own(program: Program, rank: int) -> tuple[dict[str, torch.Tensor], Cut | None]:
    """What a process has of a network."""
    if group_mesh(program):
        cut = local(program, rank)
        return tensors(own_state(whole(program), cut)), Cut(cut.parts, rank)
    own = staged(program)[rank].program if stages_of(program.graph) else program
    return tensors({key: whole(program)[key] for key in api.build(own).state_dict()}), None


def write(folder: Path, program: Program, rank: int = 0) -> None:
    state, cut = own(program, rank)
    checkpoint.publish(folder, 7, state, {"loss": 0.5}, cut)


def reads(folder: Path, program: Program, rank: int = 0) -> bool:
    """Whether a process finds what it has of a network, whoever wrote it."""
    wanted, cut = own(program, rank)
    found = {key: torch.zeros_like(value) for key, value in wanted.items()}
    checkpoint.restore(folder / "step-00000007", found, cut)
    return all(torch.equal(found[key], value) for key, value in wanted.items())


def process(rank: int, size: int, folder: str, layouts: list[str], readable: list[str]) -> None:
    """Write under each of these layouts, then read all that is there."""
    start(rank, size, folder)
    for layout in layouts:
        write(Path(folder) / layout, LAYOUTS[layout], rank)
    for written in readable:
        for layout in layouts:
            assert reads(Path(folder) / written, LAYOUTS[layout], rank), f"{layout}, of {written}"
    dist.barrier()
    dist.destroy_process_group()


def test_any_layout_reads_what_any_layout_wrote(tmp_path: Path) -> None:
    """Each pair of layouts, in as many processes as each has devices."""
    write(tmp_path / "one", LAYOUTS["one"])
    two, four = ([layout for layout in LAYOUTS if layout.startswith(size)] for size in ("two", "four"))
    start_processes(process, 2, str(tmp_path), two, ["one", *two])
    start_processes(process, 4, str(tmp_path), four, list(LAYOUTS))
    start_processes(process, 2, str(tmp_path), two, four)
    for layout in LAYOUTS:
        assert reads(tmp_path / layout, LAYOUTS["one"]), layout
        published = checkpoint.latest(tmp_path / layout)
        assert published is not None
        assert checkpoint.told(published) == {"step": 7, "loss": 0.5}
        assert "optimizer.fc.weight.momentum" in checkpoint.stored(published)


def groups(rank: int, size: int, folder: str) -> None:
    start(rank, size, folder)
    write(Path(folder) / "groups", GROUPS, rank)
    assert all(reads(Path(folder) / name, GROUPS, rank) for name in ("groups", "whole"))
    dist.barrier()
    dist.destroy_process_group()


def test_each_group_of_its_own_size_is_its_devices_own(tmp_path: Path) -> None:
    state = tensors(whole(GROUPS))
    assert "model.fc.1.weight" in state
    checkpoint.publish(tmp_path / "whole", 7, state, {})
    start_processes(groups, 2, str(tmp_path))
    found = {key: torch.zeros_like(value) for key, value in state.items()}
    checkpoint.restore(tmp_path / "groups" / "step-00000007", found)
    assert all(torch.equal(found[key], value) for key, value in state.items())


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


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        ("latest", "latest names no checkpoint, but 'damaged': write the name of one into it"),
        ("step-00000001/__0_0.distcp", "torch could not read .*step-00000001: on rank 0, "),
        ("step-00000001/.metadata", "torch could not read .*step-00000001: "),
        ("step-00000001/run.json", "run.json can't be read"),
    ],
)
def test_a_damaged_one_is_said_to_be(damaged: str, said: str, tmp_path: Path) -> None:
    checkpoint.publish(tmp_path, 1, {"model.w": torch.ones(3)}, {"loss": 1})
    (tmp_path / damaged).write_text("damaged")

    def resume() -> None:
        published = checkpoint.latest(tmp_path)
        assert published is not None
        checkpoint.told(published)
        checkpoint.restore(published, {"model.w": torch.zeros(3)})

    with pytest.raises(CheckpointError, match=said):
        resume()
