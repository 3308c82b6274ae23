"""A small network of every family, with all the kinds of steps that its large ones have, written and run by others.

`make parity` does so with all forms as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from archdsl.formats import as_bytes
from tests.formats.compare import TOLERANCE, onnx_difference, pt2_agrees
from tests.formats.models import made
from tests.specs.read import SPECS

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:onnxscript",
    "ignore::DeprecationWarning:torch.onnx",
    "ignore:.*isinstance.treespec, LeafSpec.*:FutureWarning",
)


class Small(NamedTuple):
    family: str
    form: str
    settings: dict[str, object]
    free_in_onnx: bool = True
    """Whether sizes stay free. ONNX pools into a given number of parts at one size only."""


NETWORKS = [
    Small("lenet", "lenet5", {}),
    Small("lenet", "lenet5_1998", {}),
    Small("alexnet", "alexnet_2012", {"classes": 10}),
    Small("vgg", "vgg11_lrn", {"classes": 10}, free_in_onnx=False),
    Small("googlenet", "googlenet_2014", {}),
    Small("inception_v3", "inception_v3", {}),
    Small("resnet", "resnet18", {"depths": [1, 1, 1, 1]}),
    Small("resnet_v2", "resnet50_v2", {"depths": [1, 1, 1, 1]}),
    Small("resnet_cifar", "resnet20", {"n": 1}),
    Small("densenet", "densenet121", {"depths": [1, 2, 3, 1]}),
    Small("densenet", "densenet_plain", {}),
    Small("mobilenet_v3", "mobilenet_v3_small", {}),
    Small("vit", "vit_b_16", {"depth": 1, "dim": 48, "heads": 2, "size": 64}),
    Small("unet", "unet", {"widths": [4, 8, 16]}),
    Small("gpt2", "gpt2_small", {"depth": 2, "dim": 16, "heads": 2}),
]


def test_every_family_is_there() -> None:
    assert {network.family for network in NETWORKS} == {path.stem for path in SPECS.glob("*.arch")}


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.form)
def test_others_agree(network: Small) -> None:
    small = made(str(SPECS / f"{network.family}.arch"), network.form, **network.settings)
    exported = as_bytes(*small, ".onnx")
    assert bool(exported.fixed) != network.free_in_onnx
    assert onnx_difference(small, exported) < TOLERANCE
    assert pt2_agrees(small, as_bytes(*small, ".pt2"))
