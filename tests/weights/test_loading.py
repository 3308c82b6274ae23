"""Loading and saving: torchvision's numbers arrive, and what doesn't fit changes nothing."""

from __future__ import annotations

import copy
import json
import logging
import os
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import archdsl
from archdsl.weights.report import Report
from tests.weights.files import entry, put

SPECS = Path(__file__).parents[2] / "specs"

SPEC = """\
network net(classes = 3) {
    input x: [N, 4]
    conv1: linear(5)
    norm1: bn
    head: linear(classes)
}
"""


def net(**options: Any) -> nn.Module:
    return archdsl.loads(SPEC, name="net.arch", **options)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Weights of `net`, drawn anew."""
    torch.manual_seed(7)
    archdsl.save(net(), tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors"


def refused(module: nn.Module, path: Path | str, code: str, **options: Any) -> archdsl.WeightsError:
    """Loading fails with that code, and leaves the module as it was."""
    before = copy.deepcopy(module.state_dict())
    with pytest.raises(archdsl.WeightsError) as caught:
        archdsl.load_weights(module, path, **options)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]
    assert equal(module.state_dict(), before)
    return caught.value


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return list(one) == list(other) and all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_torchvisions_weights_load_and_give_its_outputs(tmp_path: Path, name: str) -> None:
    torch.manual_seed(0)
    reference = torchvision.models.get_model(name).eval()
    save_file(reference.state_dict(), tmp_path / "w.safetensors")
    module = archdsl.load(SPECS / "resnet.arch", name, weights=tmp_path / "w.safetensors").eval()
    assert equal(module.state_dict(), reference.state_dict())
    image = torch.randn(1, 3, 64, 64)
    assert torch.equal(module(image), reference(image))


def test_a_round_trip_and_what_the_file_carries(file: Path) -> None:
    torch.manual_seed(7)
    written = net().state_dict()
    assert equal(net(weights=file).state_dict(), written)
    header = json.loads(file.read_bytes()[8 : 8 + int.from_bytes(file.read_bytes()[:8], "little")])
    carried = header["__metadata__"]
    assert carried["archdsl.spec"] == SPEC
    assert carried["archdsl.target"] == "net"
    assert carried["archdsl.sha256"][:12] in archdsl.compile(write(file.parent / "net.arch", SPEC))
    assert json.loads(carried["archdsl.params"]) == {"classes": "3"}


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_new_head_on_old_weights(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(archdsl.WeightsError) as caught:
        net(classes=7, weights=file)
    said = str(caught.value)
    assert 'without="head"' in said
    assert "head.weight  7x5 in the network, 3x5 in the file" in said
    with caplog.at_level(logging.INFO, "archdsl"):
        module = net(classes=7, weights=file, without="head")
    assert torch.equal(module.conv1.weight, load_file(file)["conv1.weight"])  # type: ignore[union-attr]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "kept as they were: 2\n    head.weight  7x5\n" in caplog.text


def test_without_leaves_numbers_alone_even_where_they_would_fit(file: Path) -> None:
    torch.manual_seed(1)
    expected = net().head.bias.clone()  # type: ignore[union-attr, operator]
    torch.manual_seed(1)
    assert torch.equal(net(weights=file, without="head").head.bias, expected)  # type: ignore[union-attr]
    assert "did you mean `head`?" in str(refused(net(), file, "E0911", without="haed"))


def test_a_plain_load_is_logged_as_information(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "archdsl"):
        net(weights=file)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.INFO, f"{file} -> net: 9 of 9 tensors fit")
    ]


def test_missing_unused_and_misshapen_with_the_nearest_names(tmp_path: Path, file: Path) -> None:
    tensors = load_file(file)
    tensors["conv_1.weight"] = tensors.pop("conv1.weight")
    tensors["head.bias"] = torch.zeros(4)
    save_file(tensors, tmp_path / "other.safetensors")
    error = refused(net(), tmp_path / "other.safetensors", "E0907")
    report = error.report
    assert report is not None
    assert [tensor.key for tensor in report.missing] == ["conv1.weight"]
    assert [tensor.key for tensor in report.unused] == ["conv_1.weight"]
    assert [pair.wanted.key for pair in report.mismatched] == ["head.bias"]
    assert report.counts() == "1 missing, 1 of another shape or type, 1 unused"
    said = str(error)
    assert "conv1.weight  5x4  (nearest in the file: conv_1.weight  5x4)" in said
    assert "conv_1.weight  5x4  (nearest in the network: conv1.weight  5x4)" in said
    data = report.plain_data()
    assert json.loads(json.dumps(data)) == data
    assert data["missing"] == [{"key": "conv1.weight", "shape": [5, 4], "dtype": "float32", "nearest": "conv_1.weight"}]


def test_what_fits_is_loaded_if_that_is_asked_for(tmp_path: Path, file: Path) -> None:
    tensors = load_file(file)
    del tensors["conv1.weight"]
    save_file({**tensors, "more": torch.zeros(2)}, tmp_path / "other.safetensors")
    module = net()
    before = module.conv1.weight.clone()  # type: ignore[union-attr, operator]
    report = archdsl.load_weights(module, tmp_path / "other.safetensors", strict=False)
    assert (len(report.loaded), len(report.missing), len(report.unused)) == (8, 1, 1)
    assert torch.equal(module.conv1.weight, before)  # type: ignore[union-attr]
    assert torch.equal(module.head.bias, tensors["head.bias"])  # type: ignore[union-attr]


@pytest.mark.parametrize("strict", [True, False])
def test_no_overlap_is_refused_whatever_the_options(tmp_path: Path, strict: bool) -> None:
    save_file({"a": torch.zeros(2), "head.bias": torch.zeros(9)}, tmp_path / "other.safetensors")
    refused(net(), tmp_path / "other.safetensors", "E0908", strict=strict)


def test_counters_that_old_files_lack_are_no_mistake(tmp_path: Path, file: Path) -> None:
    tensors = load_file(file)
    del tensors["norm1.num_batches_tracked"]
    save_file(tensors, tmp_path / "old.safetensors")
    net().load_state_dict(tensors)  # PyTorch does not miss it either
    report = archdsl.load_weights(net(), tmp_path / "old.safetensors")
    assert report.fits
    assert [tensor.key for tensor in report.kept] == ["norm1.num_batches_tracked"]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_floating_point_types_are_converted_and_reported(tmp_path: Path, file: Path, dtype: torch.dtype) -> None:
    halves = {key: t.to(dtype) if t.is_floating_point() else t for key, t in load_file(file).items()}
    save_file(halves, tmp_path / "half.safetensors")
    module = net()
    report = archdsl.load_weights(module, tmp_path / "half.safetensors")
    assert len(report.converted) == 8
    assert f"converted from {str(dtype).removeprefix('torch.')} to float32: 8" in report.text()
    assert all(torch.equal(tensor, halves[key].to(tensor.dtype)) for key, tensor in module.state_dict().items())


def test_other_types_are_not_converted(tmp_path: Path, file: Path) -> None:
    tensors = load_file(file)
    tensors["head.bias"] = tensors["head.bias"].int()
    save_file(tensors, tmp_path / "ints.safetensors")
    assert "head.bias  float32 in the network, int32 in the file" in str(
        refused(net(), tmp_path / "ints.safetensors", "E0907")
    )


def test_the_modules_own_type_and_device_are_kept(file: Path) -> None:
    module = net(weights=file, dtype=torch.float64)
    assert module.head.bias.dtype == torch.float64  # type: ignore[union-attr]
    with pytest.raises(archdsl.WeightsError, match="E0914"):
        net(weights=file, device="meta")
    with pytest.raises(archdsl.WeightsError, match="E0914"):
        archdsl.save(net(device="meta"), file)


def test_optimizers_keep_their_parameters(file: Path) -> None:
    module = net()
    parameters = list(module.parameters())
    archdsl.load_weights(module, file)
    assert all(one is other for one, other in zip(parameters, module.parameters()))
    assert all(parameter.requires_grad for parameter in parameters)


def test_another_spec_says_what_differs(file: Path) -> None:
    other = SPEC.replace("    norm1: bn", "    # as in the paper\n    norm1: bn(eps=0.001)")
    report = archdsl.load_weights(archdsl.loads(other), file)
    assert report.fits
    assert report.differences[0].startswith("saved from another spec (sha256 ")
    assert report.differences[1:] == ("  -    norm1: bn", "  +    # as in the paper", "  +    norm1: bn(eps=0.001)")
    report = archdsl.load_weights(net(classes=4), file, without="head")
    assert report.differences == ("saved with classes = 3, here 4",)


def test_a_spec_that_was_changed_in_the_file(tmp_path: Path, file: Path) -> None:
    data = file.read_bytes().replace(b"norm1: bn", b"norm2: bn")
    (tmp_path / "x.safetensors").write_bytes(data)
    assert "was changed" in archdsl.load_weights(net(), tmp_path / "x.safetensors").differences[0]


def test_metadata_of_others_are_passed_over(tmp_path: Path, file: Path) -> None:
    for metadata in ({"archdsl.spec": "x"}, {"archdsl.target": "a", "archdsl.spec": "b", "archdsl.params": "[["}):
        save_file(load_file(file), tmp_path / "x.safetensors", metadata)
        assert archdsl.load_weights(net(), tmp_path / "x.safetensors").differences == ()


def test_imports_are_carried_too(tmp_path: Path) -> None:
    write(tmp_path / "parts.arch", "block part { linear(4) }")
    spec = write(tmp_path / "net.arch", 'import "parts.arch"\nnetwork n { input x: [N, 4]; a: parts.part }')
    archdsl.save(archdsl.load(spec), tmp_path / "n.safetensors")
    assert archdsl.load_weights(archdsl.load(spec), tmp_path / "n.safetensors").plain
    write(tmp_path / "parts.arch", "block part { linear(4); relu }")
    report = archdsl.load_weights(archdsl.load(spec), tmp_path / "n.safetensors")
    assert report.differences[0] == "saved with another parts.arch:"


def test_copies_and_pickles_can_be_saved(tmp_path: Path, file: Path) -> None:
    module = net(weights=file)
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        archdsl.save(twin, tmp_path / "twin.safetensors")
        assert archdsl.load_weights(net(), tmp_path / "twin.safetensors").plain


def test_only_modules_of_a_spec_are_saved(tmp_path: Path) -> None:
    for module in (nn.Linear(2, 2), net().head):
        with pytest.raises(archdsl.WeightsError, match="E0913"):
            archdsl.save(module, tmp_path / "x.safetensors")  # type: ignore[arg-type]
    assert os.listdir(tmp_path) == []


def test_a_failed_save_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("archdsl.weights.write.save_file", fail)
    with pytest.raises(archdsl.WeightsError, match="no space left"):
        archdsl.save(net(), file)
    assert file.read_bytes() == before
    assert os.listdir(file.parent) == [file.name]


def test_a_file_that_was_there_is_replaced_under_a_module_that_reads_it(file: Path) -> None:
    module = net(weights=file)
    archdsl.save(module, file)
    assert archdsl.load_weights(net(), file).plain


class Tied(nn.Module):
    def __init__(self, tied: bool = True) -> None:
        super().__init__()
        self.wte = nn.Embedding(6, 4)
        self.head = nn.Linear(4, 6, bias=False)
        if tied:
            self.head.weight = self.wte.weight


@pytest.mark.parametrize("names", [["wte"], ["head"], ["wte", "head"]])
def test_a_tied_tensor_may_stand_under_either_name_or_both(tmp_path: Path, names: list[str]) -> None:
    numbers = torch.randn(6, 4)
    save_file({f"{name}.weight": numbers.clone() for name in names}, tmp_path / "t.safetensors")
    module = Tied()
    report = archdsl.load_weights(module, tmp_path / "t.safetensors")
    assert report.plain
    assert torch.equal(module.head.weight, numbers)
    assert module.head.weight is module.wte.weight


def test_ties_that_differ_in_the_file_are_refused(tmp_path: Path) -> None:
    save_file(Tied(tied=False).state_dict(), tmp_path / "t.safetensors")
    refused(Tied(), tmp_path / "t.safetensors", "E0910")


TIED = """\
network lm(vocab = 11) {
    input ids: int64 [N, L = 4]
    param scale: [6] = ones
    const shift: [6] = zeros
    wte: embedding(vocab, 6)
    mul(@, @scale) -> add(@, @shift)
    head: linear(vocab, bias=false, weight=@wte.weight)
}
"""


@pytest.mark.parametrize("name", ["wte", "head"])
def test_a_spec_that_ties(tmp_path: Path, name: str) -> None:
    module = archdsl.loads(TIED)
    archdsl.save(module, tmp_path / "t.safetensors")
    tensors = load_file(tmp_path / "t.safetensors")
    assert tensors.keys() == {"scale", "wte.weight"}
    save_file({"scale": tensors["scale"], f"{name}.weight": tensors["wte.weight"]}, tmp_path / "t.safetensors")
    assert equal(archdsl.loads(TIED, weights=tmp_path / "t.safetensors").state_dict(), module.state_dict())


def test_a_network_without_the_tie_misses_the_other_name(tmp_path: Path) -> None:
    save_file({"wte.weight": torch.zeros(6, 4)}, tmp_path / "t.safetensors")
    refused(Tied(tied=False), tmp_path / "t.safetensors", "E0907")


def report_of(module: nn.Module, tensors: dict[str, Tensor], path: Path) -> Report:
    save_file(tensors, path)
    return archdsl.load_weights(module, path)


def test_renames_apply_to_files_of_old_names_and_leave_new_names_alone(tmp_path: Path, file: Path) -> None:
    spec = SPEC.replace("    head", '    rename "module.*" -> "*"\n    rename "norm.1" -> "norm1"\n    head')
    tensors = load_file(file)
    old = {f"module.{key}".replace("norm1", "norm.1"): tensor for key, tensor in tensors.items()}
    report = report_of(archdsl.loads(spec), old, tmp_path / "old.safetensors")
    assert report.fits
    assert len(report.renamed) == 9
    assert "module.norm.1.weight -> norm1.weight" in report.text()
    assert not report_of(archdsl.loads(spec), tensors, tmp_path / "new.safetensors").renamed


def test_densenets_published_names_load_as_torchvision_loads_them(tmp_path: Path) -> None:
    """torchvision's files have `norm.1` for `norm1` and lack the counters; its own loader maps them by a pattern."""
    torch.manual_seed(0)
    reference = torchvision.models.densenet121().eval()
    published = {
        re.sub(r"(denselayer[0-9]+\.(?:norm|conv))([12])\.", r"\1.\2.", key): tensor
        for key, tensor in reference.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    save_file(published, tmp_path / "d.safetensors")
    module = archdsl.load(SPECS / "densenet.arch", "densenet121", weights=tmp_path / "d.safetensors").eval()
    assert equal(module.state_dict(), reference.state_dict())
    report = archdsl.load_weights(module, tmp_path / "d.safetensors")
    assert report.fits and len(report.renamed) == 58 * (2 * 4 + 2)


def test_two_keys_that_become_one_are_refused(tmp_path: Path, file: Path) -> None:
    module = archdsl.loads(SPEC.replace("    head", '    rename "b" -> "bias"\n    head'))
    save_file({**load_file(file), "head.b": torch.zeros(3)}, tmp_path / "x.safetensors")
    error = refused(module, tmp_path / "x.safetensors", "E0909")
    assert "`head.b`" in str(error) and "`head.bias`" in str(error)


def test_any_text_may_be_a_key_and_none_reaches_the_terminal_raw(tmp_path: Path, file: Path) -> None:
    nasty = "a\x1b[31m\n\u202e" + "x" * 500
    save_file({**load_file(file), nasty: torch.zeros(1)}, tmp_path / "x.safetensors")
    said = str(refused(net(), tmp_path / "x.safetensors", "E0907"))
    assert "\x1b" not in said and "\u202e" not in said
    assert max(map(len, said.splitlines())) < 300


def test_many_strange_keys_are_told_at_once(tmp_path: Path, file: Path) -> None:
    header = {f"layer{i}.{'x' * 40}.weight": entry([2], 8 * i, 8 * i + 8) for i in range(20_000)}
    path = put(tmp_path / "x.safetensors", {"head.bias": entry([3], 160_000, 160_012), **header}, bytes(160_012))
    error = refused(net(), path, "E0907")
    assert "... and 19,980 more" in str(error)
