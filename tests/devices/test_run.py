"""`archdsl.run` under torchrun, in every layout: the losses and weights are those of one process.

They differ by rounding alone, as sums are added up in another order; few steps tell more of it than many.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file
from torch._subclasses.fake_tensor import FakeTensorMode

from archdsl.api import build
from archdsl.devices.checkpoint import latest
from archdsl.devices.error import DevicesError
from archdsl.devices.watch import Watch
from archdsl.run.__main__ import command
from archdsl.run.layouts import device_mesh, training
from archdsl.run.own_device import own_device
from archdsl.run.plan import Plan
from archdsl.run.training import Training
from tests.devices.networks import program

ROOT = Path(__file__).parents[2]
LAUNCH = ("-m", "torch.distributed.run", "--standalone")
BODY = """
network net(classes = 10) {{
    input image: [N, 1, 16, 16]
    {one} {{ conv1: conv(10, 3x3, pad=1) -> relu -> maxpool(2x2) -> dropout(0.2) {meet} }}
    {two} {{
        conv2: conv(10, 3x3, pad=1) -> relu -> maxpool(2x2) {meet}
        flatten -> dropout(0.5) -> fc: linear(classes)
    }}
}}
"""
SPLIT = "mesh gpus[2]\n" + BODY.format(one="split(gpus)", two="split(gpus)", meet="-> exchange")
UNEVEN = "mesh gpus[2]\n" + BODY.format(one="split(gpus, by=[2, 3])", two="split(gpus, by=[2, 3])", meet="")
PLAIN = BODY.format(one='section("one")', two='section("two")', meet="")
STAGED = BODY.format(one="stage", two="stage", meet="")
BOTH = """
mesh gpus[2]
network net(classes = 10) {
    input image: [N, 1, 16, 16]
    stage { split(gpus) { conv1: conv(8, 3x3, pad=1) -> relu -> maxpool(2x2) -> dropout(0.2) } }
    stage {
        split(gpus, by=[3, 5]) {
            conv2: conv(8, 3x3, pad=1) -> relu -> maxpool(2x2)
            conv3: conv(8, 3x3, pad=1) -> exchange -> flatten -> dropout(0.5)
        }
    }
    stage { fc: linear(classes) }
    stage { identity }
}
"""


def asked(spec: str = PLAIN, *, batch: int = 16, timeout: float = 60, device: str = "cpu") -> Plan:
    return Plan(
        program=program(spec),
        out=Path(),
        steps=1,
        batch=batch,
        lr=0.1,
        momentum=0.9,
        seed=0,
        save_every=1,
        microbatches=4,
        schedule="1f1b",
        folder=None,
        timeout=timeout,
        device=torch.device(device),
    )


def run(
    folder: Path, name: str, processes: int, *, schedule: str = "1f1b", steps: int = 4, out: str = ""
) -> tuple[list[float], dict[str, torch.Tensor]]:
    """The losses of so many steps, and the weights behind them. It goes on from what is in `out`."""
    place = folder / (out or f"{name}-{processes}")
    launch = [*LAUNCH, "--nproc-per-node", str(processes)] if processes > 1 else []
    asked = ["--steps", str(steps), "--save-every", "2", "--batch", "16", "--schedule", schedule, "--out", str(place)]
    command = [sys.executable, *launch, "-m", "archdsl.run", str(folder / f"{name}.arch"), *asked]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    with open(place / "losses.csv", newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    return losses, load_file(place / "weights.safetensors")


@pytest.mark.parametrize(
    ("name", "spec", "processes", "schedule"),
    [
        pytest.param("replicas", PLAIN, 2, "1f1b", marks=pytest.mark.slow),
        ("replicas_of_splits", SPLIT, 4, "1f1b"),
        pytest.param("replicas_of_uneven_splits", UNEVEN, 4, "1f1b", marks=pytest.mark.slow),
        pytest.param("replicas_of_stages", STAGED, 4, "gpipe", marks=pytest.mark.slow),
        pytest.param("splits_in_stages", BOTH, 4, "interleaved", marks=pytest.mark.slow),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)
def test_trains_as_one_process_does(name: str, spec: str, processes: int, schedule: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.arch").write_text(spec)
    losses, weights = run(tmp_path, name, 1)
    found, held = run(tmp_path, name, processes, schedule=schedule)
    assert found == pytest.approx(losses, rel=1e-5)
    assert held.keys() == weights.keys()
    for key, value in weights.items():
        torch.testing.assert_close(held[key], value, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_its_curve_is_that_of_one_process(tmp_path: Path) -> None:
    """Over 100 steps, also when it is ended and goes on. In float32 rounding grows with every step."""
    script, spec = Path(__file__).parent / "in_double.py", ROOT / "examples" / "two_devices.arch"
    curves: list[list[float]] = []
    for processes, ends in ((1, [100]), (2, [50, 100])):
        launch = [*LAUNCH, "--nproc-per-node", str(processes)] if processes > 1 else []
        out = tmp_path / str(processes)
        for end in ends:
            options = [str(spec), "--steps", str(end), "--save-every", "25", "--out", str(out)]
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
            subprocess.run([sys.executable, *launch, str(script), *options], env=environment, check=True, timeout=300)
        with open(out / "losses.csv", newline="") as file:
            curves.append([float(row["loss"]) for row in csv.DictReader(file)])
    assert len(curves[0]) == 100
    assert curves[0][-1] < 0.8 * curves[0][0]
    assert curves[1] == pytest.approx(curves[0], rel=1e-12)


def test_ends_when_the_loss_is_no_number(tmp_path: Path) -> None:
    """Nothing is gained by going on; the last checkpoint stays."""
    spec = tmp_path / "net.arch"
    spec.write_text(PLAIN)
    asked = [str(spec), "--steps", "50", "--save-every", "1", "--batch", "8", "--lr", "1e20", "--out", str(tmp_path)]
    command = [sys.executable, "-m", "archdsl.run", *asked]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 1
    assert re.fullmatch(r"the loss of step \d+ is (inf|nan): .* smaller --lr\n", done.stderr)
    assert latest(tmp_path) is not None


def test_parameters_are_set_as_everywhere(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text(PLAIN)
    out = tmp_path / "out"
    options = ["--set", "classes=5 + 6", "--steps", "1", "--batch", "8", "--out", str(out)]
    done = CliRunner().invoke(command, [str(tmp_path / "net.arch"), *options])
    assert done.exit_code == 0, done.output
    assert load_file(out / "weights.safetensors")["fc.weight"].shape == (11, 160)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--batch 0", "Invalid value for '--batch': 0 is not in the range"),
        ("--batch 5000", "a batch of 5000 is more than the 4000 images"),
        ("--timeout 0", "Invalid value for '--timeout'"),
        ("--momentum 1", "Invalid value for '--momentum'"),
        ("--out net.arch", "is a file"),
        ("--out net.arch/below", "Not a directory"),
        ("--data .", "holds no MNIST as torchvision keeps it"),
        ("--set classes=6", "a network for digits has one output, [N, 10] or wider; this one has 6"),
        ("--set classes", "E0812"),
        ("--set classes=ten", "unknown name"),
        ("--plan net.arch", "E1356"),
    ],
)
def test_what_is_asked_for_is_looked_at(
    options: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.arch").write_text(PLAIN)
    done = CliRunner().invoke(command, ["net.arch", "--steps", "1", *options.split()])
    assert done.exit_code in (1, 2)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert said in done.output + done.stderr


@pytest.mark.parametrize(
    ("before", "behind"),
    [(2, 1), pytest.param(1, 4, marks=pytest.mark.slow), pytest.param(4, 2, marks=pytest.mark.slow)],
)
def test_goes_on_in_another_layout(before: int, behind: int, tmp_path: Path) -> None:
    """From a checkpoint of so many processes, which share unevenly, to others."""
    (tmp_path / "net.arch").write_text(UNEVEN)
    losses, weights = run(tmp_path, "net", 1)
    run(tmp_path, "net", before, steps=2, out="changed")
    found, held = run(tmp_path, "net", behind, out="changed")
    assert found == pytest.approx(losses, rel=1e-5)
    for key, value in weights.items():
        torch.testing.assert_close(held[key], value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("processes", "spec", "batch", "said"),
    [
        (3, SPLIT, 16, "E1340.*net is for 2 processes, or a multiple of that, not 3"),
        (4, SPLIT, 15, "E1341.*a batch of 15 does not divide over 2 replicas"),
        (2, STAGED, 10, "E1341.*a batch of 10 does not divide over 1 replica of 4 microbatches"),
    ],
    ids=["processes", "replicas", "microbatches"],
)
def test_a_layout_that_does_not_fit_is_refused_before_it_is_made(
    processes: int, spec: str, batch: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda *_: processes)
    plan = asked(spec, batch=batch)
    with pytest.raises(DevicesError, match=said):
        training(plan, Watch.__new__(Watch))


def test_the_groups_of_a_layout_wait_as_long_as_asked() -> None:
    """Those that torch makes for a mesh wait half an hour, whatever the run's own group was told."""
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        mesh = device_mesh({"data": 1, "gpus": 1}, asked(timeout=7))
        for group in mesh.get_all_groups():
            assert group._get_backend(torch.device("cpu")).options._timeout == timedelta(seconds=7)
        assert mesh["gpus"].get_local_rank() == 0
    finally:
        torch.distributed.destroy_process_group()


@pytest.mark.parametrize(
    ("gpus", "processes", "said", "device"),
    [
        (0, 1, None, "cpu"),
        (1, 1, None, "cuda:0"),
        (1, 2, None, "cpu"),
        (2, 2, None, "cuda:1"),
        (4, 2, "cuda", "cuda:1"),
        (2, 2, "cpu", "cpu"),
        (0, 1, "cuda", "--device cuda: a GPU is needed, but PyTorch finds 0 here"),
        (1, 2, "cuda", "--device cuda: 2 processes need a GPU each, but PyTorch finds 1 here"),
    ],
)
def test_the_device_of_a_process(
    gpus: int, processes: int, said: str | None, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own GPU, if all that run on its machine have one."""
    chosen: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setenv("TORCH_NCCL_BLOCKING_WAIT", "1")
    monkeypatch.setenv("LOCAL_RANK", str(processes - 1))
    monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))
    try:
        found = str(own_device(said))
    except ValueError as refused:
        found = str(refused)
    assert found == device
    assert chosen == ([processes - 1] if found.startswith("cuda") else [])


def test_a_step_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is none here: a pretended one refuses what is computed from values on two devices, and goes no way back."""
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda: torch.zeros(16, dtype=torch.uint8))
    gpu, losses = torch.device("cuda:0"), list[torch.Tensor]()

    class Forward(Training):
        def backward(self, images: torch.Tensor, classes: torch.Tensor) -> None:
            losses.append(torch.nn.functional.cross_entropy(self.modules[0](images), classes))

    with FakeTensorMode():
        module = build(program(re.sub(r"-> dropout\(0..\)", "", PLAIN)))
        for name, tensor in module.state_dict().items():
            owner, _, own = name.rpartition(".")
            module.get_submodule(owner)._parameters[own] = torch.nn.Parameter(tensor.to(gpu))
        trained = Forward([module], asked(device="cuda:0"))
        trained.step(torch.zeros(4, 1, 16, 16), torch.zeros(4, dtype=torch.long))
    assert [loss.device for loss in losses] == [gpu]
    assert "random.cuda" in trained.tensors()
    assert "random.cuda" not in trained.blank({"random": torch.uint8})
