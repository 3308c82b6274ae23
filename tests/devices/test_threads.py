"""A network on several devices of one process, which are all its CPU: one autograd graph, its sums in another order.

The tolerance is that of `test_agreement.py`.
"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import archdsl
from archdsl.devices.error import DevicesError
from archdsl.devices.threads import OnDevices
from tests.devices import nets
from tests.devices.agreement import Case, difference, on_devices, one_device
from tests.devices.test_agreement import TOLERANCE

SPLIT = {f"{case.title} {case.devices}": case for case in (*nets.TWO, *nets.FOUR) if case.devices > 1 and not case.wrap}


@pytest.mark.parametrize("case", SPLIT.values(), ids=SPLIT.keys())
def test_trains_as_one_device_does(case: Case) -> None:
    assert difference(on_devices(case), one_device(case)).largest < TOLERANCE


def test_has_a_module_for_each_device() -> None:
    module = archdsl.loads(nets.TOWERS, devices=["cpu", "cpu"])
    assert isinstance(module, OnDevices)
    own = {name for name, _ in module.get_submodule("gpus1").named_parameters()}
    assert "conv1.weight" in own
    assert "fc8.weight" not in own, "what all use, the first device has"
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
    with pytest.raises(RuntimeError, match="unexpected keys: \\['other'\\]"):
        several.load_state_dict({**one.state_dict(), "other": torch.ones(1)})


def test_one_that_fails_ends_all() -> None:
    """The message is that of the step, with its line in the spec; no thread is left behind."""
    module = archdsl.loads(nets.TOWERS, devices=["cpu", "cpu"])
    broken = module.get_submodule("gpus1.conv3")
    broken.register_forward_pre_hook(lambda *_: (torch.ones(1),))
    before = threading.active_count()
    with pytest.raises(RuntimeError, match=r"Expected 3D .unbatched. or 4D"):
        module(torch.randn(2, 3, 31, 31))
    assert threading.active_count() == before


def test_computes_as_the_thread_that_calls_it() -> None:
    module = archdsl.loads(nets.TOWERS, devices=["cpu", "cpu"]).eval()
    image = torch.randn(2, 3, 31, 31)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert module(image).dtype == torch.bfloat16
    with torch.no_grad():
        assert not module(image).requires_grad


@pytest.mark.parametrize(
    ("spec", "devices", "code"),
    [(nets.PLAIN, ["cpu", "cpu"], "E1330"), (nets.TOWERS, ["cpu"], "E1331")],
    ids=["no split", "too few"],
)
def test_refuses_what_does_not_fit(spec: str, devices: list[str], code: str) -> None:
    with pytest.raises(DevicesError, match=code):
        archdsl.loads(spec, devices=devices)
