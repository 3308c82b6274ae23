"""The residual networks that torchvision lacks, beside PyTorch written by hand: same weights, same output."""

from __future__ import annotations

import itertools
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archdsl
from tests.specs.read import SPECS, beside, same
from tests.specs.residual import Basic, BottleneckV1, Net, PreactBasic, PreactBottleneck


def image(size: int) -> Tensor:
    return torch.randn(2, 3, size, size - 8, generator=torch.Generator().manual_seed(1))


CIFAR = {
    "resnet20": (partial(Basic, option="A"), 3, {}),
    "resnet56": (partial(Basic, option="A"), 9, {}),
    "resnet20_b": (partial(Basic, option="B"), 3, {}),
    "resnet20_c": (partial(Basic, option="C"), 3, {}),
    "plain20": (partial(Basic, option="plain"), 3, {}),
    "wrn28_10": (PreactBasic, 4, {"ways": ("shared",), "widen": 10}),
    "resnet164_v2": (PreactBottleneck, 18, {"ways": ("shared",)}),
}


@pytest.mark.parametrize("variant", CIFAR)
def test_cifar_form(variant: str) -> None:
    unit, n, options = CIFAR[variant]
    reference = Net(unit, [n] * 3, cifar=True, classes=10, **options)
    assert same(reference, beside(reference, "resnet_cifar.arch", variant), image(32))


IMAGENET = {
    "resnet50_v1": ("resnet.arch", BottleneckV1, [3, 4, 6, 3], ()),
    "plain34": ("resnet.arch", partial(Basic, option="plain"), [3, 4, 6, 3], ()),
    "resnet34_a": ("resnet.arch", partial(Basic, option="A"), [3, 4, 6, 3], ()),
    "resnet34_c": ("resnet.arch", partial(Basic, option="C"), [3, 4, 6, 3], ()),
    "resnet18_v2": ("resnet_v2.arch", PreactBasic, [2, 2, 2, 2], ("none",)),
    "resnet50_v2": ("resnet_v2.arch", PreactBottleneck, [3, 4, 6, 3], ("none",)),
    "resnet50_v2_shared": ("resnet_v2.arch", PreactBottleneck, [3, 4, 6, 3], ("shared",)),
}


@pytest.mark.parametrize("variant", IMAGENET)
def test_imagenet_form(variant: str) -> None:
    file, unit, depths, ways = IMAGENET[variant]
    reference = Net(unit, depths, cifar=False, classes=1000, ways=ways)
    assert same(reference, beside(reference, file, variant), image(72))


@pytest.mark.parametrize(
    ("layers", "millions"), [(20, "0.27"), (32, "0.46"), (44, "0.66"), (56, "0.85"), (110, "1.7"), (1202, "19.4")]
)
def test_cifar_parameters_are_those_of_table_6(layers: int, millions: str) -> None:
    """By arithmetic over 6n + 2 layers: 3x3 convolutions and their norms, then the classifier."""
    n = (layers - 2) // 6
    chain = [3, *[16] * (2 * n + 1), *[32] * (2 * n), *[64] * (2 * n)]
    assert len(chain) == layers
    params = sum(9 * a * b + 2 * b for a, b in itertools.pairwise(chain)) + 64 * 10 + 10
    built = archdsl.load(SPECS / "resnet_cifar.arch", variant=f"resnet{layers}", device="meta")
    assert sum(p.numel() for p in built.parameters()) == params
    assert round(params / 1e6, len(millions.partition(".")[2])) == float(millions)


def test_the_3x3_shortcut_starts_as_option_a() -> None:
    """Its kernels are 1 from each map to itself at the centre; what is drawn for the rest is then the same network."""
    trained = archdsl.load(SPECS / "resnet_cifar.arch", variant="resnet20_3x3")
    state = {name: tensor for name, tensor in trained.state_dict().items() if "downsample" not in name}
    assert len(trained.state_dict()) == len(state) + 2
    plain = archdsl.load(SPECS / "resnet_cifar.arch", variant="resnet20")
    plain.load_state_dict(state, strict=True)
    assert same(plain.eval(), trained.eval(), image(32))

    F.cross_entropy(trained(image(32)), torch.tensor([0, 1])).backward()
    gradient = trained.get_parameter("layer2.0.downsample.conv.weight").grad
    assert gradient is not None and bool(gradient.any())


def test_1202_layers_train() -> None:
    """The deepest net of the paper takes a step: every one of its weights gets a gradient."""
    module = archdsl.load(SPECS / "resnet_cifar.arch", variant="resnet1202")
    assert sum(isinstance(child, nn.Conv2d | nn.Linear) for child in module.modules()) == 1202
    F.cross_entropy(module(image(16)), torch.tensor([0, 1])).backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in module.parameters())


def test_wide_units_drop_between_their_convolutions() -> None:
    module = archdsl.load(SPECS / "resnet_cifar.arch", variant="wrn28_10_dropout", widen=1)
    torch.manual_seed(0)
    x = image(16)
    assert not torch.equal(module(x), module(x))
    module.eval()
    assert torch.equal(module(x), module(x))
