"""A network on several devices of one process: one autograd graph, its sums in another order.

Numbers are compared with all devices its CPU; the tolerance is that of `test_agreement.py`. Where things lie is tried
on two GPUs of torch's fake tensors, which have shapes and devices, and refuse to compute across these.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

import archdsl
from archdsl.api import build
from archdsl.compiler import check
from archdsl.devices.error import DevicesError
from archdsl.devices.moves import dropout
from archdsl.devices.one_process import on_devices as on_devices_of
from archdsl.ir.graph import Check, Layer
from archdsl.source import Source
from tests.devices import nets
from tests.devices.agreement import Case, difference, on_devices, one_device
from tests.devices.test_agreement import TOLERANCE
from tests.specs.read import SPECS

SPLIT = {f"{case.title} {case.devices}": case for case in (*nets.TWO, *nets.FOUR) if case.devices > 1 and not case.wrap}


@pytest.mark.parametrize("case", SPLIT.values(), ids=SPLIT.keys())
def test_trains_as_one_device_does(case: Case) -> None:
    assert difference(on_devices(case), one_device(case)).largest < TOLERANCE


def test_has_a_module_for_each_device() -> None:
    module = archdsl.loads(nets.TOWERS, devices=["cpu", "cpu"])
    own = {name for name, _ in module.get_submodule("gpus1").named_parameters()}
    assert "conv1.weight" in own
    assert "fc8.weight" not in own, "what stands outside of splits is on the first device alone"
    assert module.get_parameter("gpus1.conv1.weight").shape == (8, 3, 5, 5)


def test_its_weights_are_those_of_one_device(tmp_path: Path) -> None:
    torch.manual_seed(0)
    one = archdsl.loads(nets.ALL.format(devices=2))
    torch.manual_seed(1)
    several = archdsl.loads(nets.ALL.format(devices=2), devices=["cpu", "cpu"])
    several.load_state_dict(one.state_dict())
    assert list(several.state_dict()) == list(one.state_dict())
    assert all(torch.equal(value, one.state_dict()[key]) for key, value in several.state_dict().items())
    archdsl.save(several, tmp_path / "net.safetensors")
    assert load_file(tmp_path / "net.safetensors").keys() == one.state_dict().keys()
    again = archdsl.loads(nets.ALL.format(devices=2), devices=["cpu", "cpu"], weights=tmp_path / "net.safetensors")
    image = torch.randn(2, 3, 20, 20)
    with torch.no_grad():
        torch.testing.assert_close(again.eval()(image), one.eval()(image))
    with pytest.raises(RuntimeError, match=r"Unexpected key.*other"):
        several.load_state_dict({**one.state_dict(), "other": torch.ones(1)})


class Moves(TorchDispatchMode):
    """Counts the numbers that go from one GPU to another."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[int] = []

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if func is torch.ops.aten._to_copy.default and args[0].is_cuda and result.device != args[0].device:
            self.numbers.append(result.numel())
        return result


def moved(spec: str, shape: Sequence[int], **further: Any) -> list[int]:
    """The numbers that a forward pass on two GPUs moves between them."""
    with FakeTensorMode():
        module = archdsl.loads(spec, devices=["cuda:0", "cuda:1"], **further).eval()  # there is no GPU to draw on
        with Moves() as moves:
            assert module(torch.randn(shape)).device == torch.device("cuda:0")
    return moves.numbers


@pytest.mark.parametrize("case", [case for case in SPLIT.values() if case.devices == 2], ids=lambda case: case.title)
def test_no_step_is_handed_what_lies_elsewhere(case: Case) -> None:
    assert moved(case.spec, case.shape)


def test_moves_what_the_spec_says() -> None:
    """AlexNet's image to the second device, half of each exchanged value to each, half of the logits to the first."""
    spec = (SPECS / "alexnet.arch").read_text()
    image, *exchanged, logits = moved(spec, (1, 3, 227, 227), variant="alexnet_two_devices")
    assert (image, logits) == (3 * 227 * 227, 500)
    assert exchanged == [n // 2 for n in (43_264, 9_216, 4_096, 4_096) for _ in range(2)]
    assert 4 * sum(exchanged) == 242_688


def test_gpus_draw_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a generator of its own; before the second one draws, it is set to where the first one's was."""
    generators = Generators()
    monkeypatch.setattr(torch, "get_device_module", lambda device: generators)
    with FakeTensorMode():
        parts = [torch.ones(2, 4, device=f"cuda:{i}") for i in range(2)]
        assert [x.device for x in dropout(*parts, p=0.5, training=True, axis=1)] == [x.device for x in parts]
    assert generators.set == {torch.device("cuda:0"): "of cuda:0", torch.device("cuda:1"): "of cuda:0"}


class Generators:
    """What `torch.cuda` says of them."""

    def __init__(self) -> None:
        self.set: dict[torch.device, str] = {}

    def get_rng_state(self, device: torch.device) -> str:
        return f"of {device}"

    def set_rng_state(self, state: str, device: torch.device) -> None:
        self.set[device] = state


def test_it_can_be_part_of_another_and_copied() -> None:
    """Its `state_dict` is that of one device there as well, and a copy lends its own weights."""
    torch.manual_seed(0)
    one = nn.Sequential(archdsl.loads(nets.TIED), nn.ReLU())
    several = nn.Sequential(archdsl.loads(nets.TIED, devices=["cpu", "cpu"]), nn.ReLU())
    assert list(several.state_dict()) == list(one.state_dict())
    several.load_state_dict(one.state_dict())
    copy = pickle.loads(pickle.dumps(deepcopy(several)))
    torch.testing.assert_close(copy(torch.ones(2, 16)), one(torch.ones(2, 16)))


@pytest.mark.parametrize(
    ("spec", "devices", "code"),
    [(nets.PLAIN, ["cpu", "cpu"], "E1330"), (nets.TOWERS, ["cpu"], "E1331")],
    ids=["no split", "too few"],
)
def test_refuses_what_does_not_fit(spec: str, devices: list[str], code: str) -> None:
    with pytest.raises(DevicesError, match=code):
        archdsl.loads(spec, devices=devices)


@pytest.mark.parametrize("further", [{"device": "cpu"}, {"mesh": object()}], ids=lambda further: next(iter(further)))
def test_refuses_two_answers(further: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(further))}= and devices= each say where"):
        archdsl.loads(nets.TOWERS, devices=["cpu", "cpu"], **further)


def test_sizes_are_compared_where_the_step_is() -> None:
    """A size that could not be decided; as its proof is easy, the check is put there by hand."""
    spec = """
    mesh gpus[2]
    network net {
        input image: [N, 8, H = 8, W = 8]
        split(gpus) { conv(8, 1x1) -> add { conv(8, 3x3, pad=1); maxpool(3x3, stride=1, pad=1) } }
    }
    """
    checked = check(Source("net.arch", spec)).program
    assert checked is not None
    (add,) = [node for node in checked.graph.nodes if isinstance(node, Layer) and node.op.name == "add"]
    checked.graph.checks.append(Check(add, 2, *add.inputs))
    module = on_devices_of(checked, ["cpu", "cpu"], lambda: build(checked))
    assert module(torch.randn(1, 8, 5, 5)).shape == (1, 8, 5, 5)
    module.get_submodule("gpus1.1").padding = (0, 0)
    with pytest.raises(ValueError, match=r"net.arch:5: the sizes along axis 2 differ"):
        module(torch.randn(1, 8, 5, 5))
