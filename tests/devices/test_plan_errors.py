"""`archdsl plan`: what it prints, and what it says to a question that can't be meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archdsl.cli.main import main
from archdsl.devices.plan.file import read_plan
from archdsl.devices.plan.machine import FLOPS, LINK, MEMORY, BadAmount, Kind, amount

SPECS = Path(__file__).parents[2] / "specs"
ALEXNET = f"{SPECS / 'alexnet.arch'}:alexnet_2012"
VGG = f"{SPECS / 'vgg.arch'}:vgg16"


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("20T", FLOPS, 20 * 10**12),
        ("19.5TFLOPS", FLOPS, 195 * 10**11),
        ("312 TFLOP/s", FLOPS, 312 * 10**12),
        ("1000", FLOPS, 1000),
        ("16GB/s", LINK, 16 * 10**9),
        ("12.5 GB/s", LINK, 12_500_000_000),
        ("16GiB", MEMORY, 16 * 2**30),
        ("16GB", MEMORY, 16 * 10**9),
        ("512MiB", MEMORY, 512 * 2**20),
        ("0.5kB", MEMORY, 500),
    ],
)
def test_amounts(text: str, kind: Kind, number: int) -> None:
    assert amount(text, kind) == number


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("16", MEMORY, "its unit is `B`"),
        ("16gb", MEMORY, "write `GB`: case counts"),
        ("16G", MEMORY, "its unit is `B`"),
        ("16GB/s", MEMORY, "it is an amount, without `/s`"),
        ("16GB", LINK, "it is a rate: add `/s`"),
        ("100Gb/s", LINK, "`B` is a byte, and bits are not taken: divide them by 8"),
        ("100Gbps", LINK, "`B` is a byte, and bits are not taken: divide them by 8"),
        ("20TB", FLOPS, "its unit is `FLOPS` or `FLOP/s`"),
        ("20t", FLOPS, "write `T`: case counts"),
        ("-20T", FLOPS, "a number and its unit"),
        ("1e12", FLOPS, "a number and its unit"),
        ("٢T", FLOPS, "a number and its unit"),
        ("fast", LINK, "a number and its unit"),
        ("", LINK, "a number and its unit"),
        ("9" * 400 + "T", FLOPS, "a number and its unit"),
    ],
)
def test_other_amounts(text: str, kind: Kind, reason: str) -> None:
    with pytest.raises(BadAmount) as bad:
        amount(text, kind)
    assert str(bad.value).endswith(f": {reason}")


FIXED = "network net {\n    input x: [8, 3, 4, 4]\n    conv(2, 1x1)\n}\n"
TWO = """
network net {
    input x: [N, 3]
    input y: [M, 3]
    output p: @x -> linear(2)
    output q: @y -> linear(2)
}
"""
TOWERS = "mesh gpus[3]\nnetwork net {\n    input x: [N, 3, 4, 4]\n    split(gpus) { conv(6, 1x1) }\n}\n"
RRELU = TOWERS.replace("gpus[3]", "gpus[2]").replace("1x1)", "1x1) -> rrelu")
MULTIPLE = "network net {\n    input x: [N = 8, 3, 4, 4] where N % 8 == 0\n    conv(2, 1x1)\n}\n"


@pytest.mark.parametrize(
    ("spec", "options", "said"),
    [
        (VGG, "--memory 16gb", "error[E1350]: `--memory 16gb` is not a number of bytes: write `GB`: case counts"),
        (VGG, "--flops 0T", "error[E1351]: `--flops 0T` is nothing"),
        (FIXED, "", "error[E1352]: the batch can't be divided: it is 8"),
        (TWO, "", "error[E1352]: the batch can't be divided: the inputs begin with M and N"),
        (MULTIPLE, "--microbatches 64", "error[E1353]: the network does not allow N = 4: the batch in 64 parts"),
        (VGG, "--microbatches 24", "error[E1354]: a batch of 256 does not divide into 24 microbatches"),
        (TOWERS, "", "error[E1360]: net is split over gpus[3]: 4 devices do not divide into groups of 3"),
        (RRELU, "", "error[E1327]: net can't run on several devices: what `rrelu` draws can't be drawn"),
        (VGG, "--memory 1GB", "error[E1355]: vgg16 does not fit on 4 devices of 1 GB: one of them needs at least"),
    ],
)
def test_questions_that_have_no_answer(
    spec: str, options: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = spec
    if "\n" in spec:
        target = str(tmp_path / "net.arch")
        Path(target).write_text(spec, encoding="utf-8")
    assert main(["plan", target, "--devices", "4", "--batch", "256", *options.split()]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(said)
    assert printed.err.endswith("\n1 error\n")


def test_without_room_a_split_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", VGG, "--devices", "8", "--batch", "8", "--memory", "1GB"]) == 1
    said = capsys.readouterr().err
    assert "help: with a `split` it fits, as 4 stages x 1 replica of 2, " in said
    assert "`mesh gpus[2]`, and `split(gpus) { }` around\n           lines 28 to 30, with an `exchange` before" in said


def test_the_least_memory_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    """What the error says that a device needs, is what it needs."""
    question = ["plan", VGG, "--devices", "4", "--batch", "256", "--memory"]
    assert main([*question, "1GB"]) == 1
    least = float(capsys.readouterr().err.partition("at least ")[2].split(" GB")[0])
    assert main([*question, f"{least * 1.001:.4f}GB"]) == 0
    assert main([*question, f"{least * 0.998:.4f}GB"]) == 1


def test_a_batch_that_only_some_sizes_divide(tmp_path: Path) -> None:
    """Microbatches are such that the network allows them."""
    (tmp_path / "net.arch").write_text(MULTIPLE, encoding="utf-8")
    output = str(tmp_path / "plan.json")
    assert main(["plan", str(tmp_path / "net.arch"), "--devices", "3", "--batch", "64", "-o", output]) == 0
    plan = read_plan(output)
    assert plan.microbatch % 8 == 0


@pytest.mark.parametrize("target", sorted(SPECS.glob("*.arch")), ids=lambda path: path.stem)
@pytest.mark.parametrize("devices", ["1", "7", "64"])
def test_fits_the_terminal(target: Path, devices: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = {"alexnet": "alexnet", "densenet": "densenet121", "lenet": "lenet5", "resnet_cifar": "resnet1001_v2"}
    spec = f"{target}:{names[target.stem]}" if target.stem in names else str(target)
    assert main(["plan", spec, "--devices", devices, "--batch", "840", "--memory", "1000GB"]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    assert "predicted step" in printed


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "plan.json"
    question = ["plan", ALEXNET, "--devices", "4", "--batch", "256", "--json"]
    assert main([*question, "-o", str(output)]) == 0
    printed = json.loads(capsys.readouterr().out)
    written = json.loads(output.read_text(encoding="utf-8"))
    assert {*printed} - {*written} == {"instead", "other_batches", "suggestion"}
    assert all(printed[name] == written[name] for name in written if name != "generator")
    assert all(other["seconds"] >= printed["predicted"]["step_seconds"] for other in printed["instead"])
    assert main([*question, "-o", str(output)]) == 0, "its own file is written over"
    output.write_text("mine", encoding="utf-8")
    assert main([*question, "-o", str(output)]) == 1
    assert output.read_text(encoding="utf-8") == "mine"
