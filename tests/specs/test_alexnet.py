"""AlexNet's forms that no package has: against Caffe's own arithmetic, and against two towers that run apart."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archdsl
from tests.specs.read import SPECS, layers, program

# What bvlc_alexnet's deploy.prototxt says: type, then num_output, kernel_size, stride, pad, group; or pool's windows.
CONV1 = [("conv", 96, 11, 4, 0, 1), ("relu",)]
CONV2 = [("conv", 256, 5, 1, 2, 2), ("relu",)]
REST = [
    ("conv", 384, 3, 1, 1, 1),
    ("relu",),
    ("conv", 384, 3, 1, 1, 2),
    ("relu",),
    ("conv", 256, 3, 1, 1, 2),
    ("relu",),
    ("maxpool", 3, 2),
    ("flatten",),
    *[("linear", 4096), ("relu",), ("dropout",)] * 2,
    ("linear", 1000),
]
NORM, POOL = ("lrn",), ("maxpool", 3, 2)
PROTOTXT = {
    "bvlc_alexnet": [*CONV1, NORM, POOL, *CONV2, NORM, POOL, *REST],
    "bvlc_reference_caffenet": [*CONV1, POOL, NORM, *CONV2, POOL, NORM, *REST],
}


def caffe_shape(layer: tuple[object, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Caffe's rules: convolutions round down, pools up; InnerProduct flattens by itself."""
    match layer:
        case ("conv", int(maps), int(kernel), int(stride), int(pad), _):
            return (maps, *((n + 2 * pad - kernel) // stride + 1 for n in shape[1:]))
        case ("maxpool", int(kernel), int(stride)):
            return (shape[0], *(-(-(n - kernel) // stride) + 1 for n in shape[1:]))
        case ("flatten",):
            return (shape[0] * shape[1] * shape[2],)
        case ("linear", int(units)):
            return (units,)
        case _:
            return shape


def caffe_params(layer: tuple[object, ...], shape: tuple[int, ...]) -> int:
    match layer:
        case ("conv", int(maps), int(kernel), _, _, int(groups)):
            return maps * (shape[0] // groups * kernel**2 + 1)
        case ("linear", int(units)):
            return units * (shape[0] + 1)
        case _:
            return 0


@pytest.mark.parametrize("variant", PROTOTXT)
def test_every_shape_is_caffes(variant: str) -> None:
    shapes: list[tuple[int, ...]] = [(3, 227, 227)]
    params = 0
    for layer in PROTOTXT[variant]:
        params += caffe_params(layer, shapes[-1])
        shapes.append(caffe_shape(layer, shapes[-1]))
    ours = [
        (op.name, tuple(dim.constant for dim in shape.dims[1:]))
        for op, shape in layers(program("alexnet.arch", variant).graph)
    ]
    assert ours == [(layer[0], shape) for layer, shape in zip(PROTOTXT[variant], shapes[1:])]
    assert params == 60_965_224


class Tower(nn.Module):
    """The layers of one GPU, with its half of all maps; x is what both have made, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 48, 11, 4)
        self.conv2 = nn.Conv2d(48, 128, 5, padding=2)
        self.conv3 = nn.Conv2d(256, 192, 3, padding=1)
        self.conv4 = nn.Conv2d(192, 192, 3, padding=1)
        self.conv5 = nn.Conv2d(192, 128, 3, padding=1)

    @staticmethod
    def norm(x: Tensor) -> Tensor:
        """Section 3.3, summed as it is written there: alpha is not divided by n."""
        squares = F.pad(x**2, (0, 0, 0, 0, 2, 2)).unfold(1, 5, 1).sum(-1)
        return x / (2 + 1e-4 * squares) ** 0.75

    def before(self, image: Tensor) -> Tensor:
        for conv in (self.conv1, self.conv2):
            image = F.max_pool2d(self.norm(F.relu(conv(image))), 3, 2)
        return image

    def behind(self, both: Tensor) -> Tensor:
        own = F.relu(self.conv4(F.relu(self.conv3(both))))
        return F.max_pool2d(F.relu(self.conv5(own)), 3, 2)


def test_one_device_computes_what_two_towers_do() -> None:
    """conv1, 2, 4 and 5 of each tower see only its own maps, its norms too; conv3 and the classifier see all."""
    torch.manual_seed(0)
    towers = Tower(), Tower()
    ours = archdsl.load(SPECS / "alexnet.arch", variant="alexnet_2012").eval()
    state = ours.state_dict()
    for name in towers[0].state_dict():
        state[name] = torch.cat([tower.state_dict()[name] for tower in towers])
    ours.load_state_dict(state)
    image = 50 * torch.randn(2, 3, 227, 227)  # so large that the norms weigh
    with torch.no_grad():
        both = torch.cat([tower.before(image) for tower in towers], 1)
        x = torch.cat([tower.behind(both) for tower in towers], 1).flatten(1)
        for name in ("fc6", "fc7"):
            x = F.relu(ours.get_submodule(name)(x))
        expected = ours.get_submodule("fc8")(x)
        torch.testing.assert_close(ours(image), expected, rtol=1e-4, atol=1e-4)

        caffe = archdsl.load(SPECS / "alexnet.arch", variant="bvlc_alexnet").eval()
        caffe.load_state_dict(state)
        assert not torch.allclose(caffe(image), expected, rtol=1e-2, atol=1e-2), "k, alpha and the seam matter"


ORDERS = {
    "alexnet_2012": "relu lrn maxpool",
    "alexnet_lrn_first": "lrn maxpool relu",
    "bvlc_alexnet": "relu lrn maxpool",
    "bvlc_reference_caffenet": "relu maxpool lrn",
}


@pytest.mark.parametrize("variant", ORDERS)
def test_order_of_relu_norm_and_pool(variant: str) -> None:
    words = [op.name for op, _ in layers(program("alexnet.arch", variant).graph)]
    assert words[1:4] == words[5:8] == ORDERS[variant].split()


@pytest.mark.parametrize(
    ("variant", "std", "offset"),
    [("alexnet_2012", 0.01, 1.0), ("bvlc_alexnet", 0.005, 0.1), ("bvlc_reference_caffenet", 0.005, 1.0)],
)
def test_starts_as_published(variant: str, std: float, offset: float) -> None:
    torch.manual_seed(0)
    state = archdsl.load(SPECS / "alexnet.arch", variant=variant).state_dict()
    for name, tensor in state.items():
        layer, _, param = name.partition(".")
        if param == "bias":
            assert bool((tensor == (offset if layer in ("conv2", "conv4", "conv5", "fc6", "fc7") else 0)).all())
        else:
            expected = std if layer in ("fc6", "fc7") else 0.01
            assert float(tensor.std()) == pytest.approx(expected, rel=0.02)


def test_on_two_devices_it_is_the_same_network() -> None:
    """On one device `split` means groups: equal keys, first weights, masks and values."""
    runs: list[tuple[dict[str, Tensor], Tensor]] = []
    for variant in ("alexnet_2012", "alexnet_two_devices"):
        torch.manual_seed(0)
        module = archdsl.load(SPECS / "alexnet.arch", variant)
        runs.append(
            (module.state_dict(), module(torch.linspace(-1, 1, 227 * 227).expand(2, 3, -1).view(2, 3, 227, 227)))
        )
    (weights, output), (shared_out, other) = runs
    assert list(weights) == list(shared_out)
    assert all(torch.equal(value, shared_out[key]) for key, value in weights.items())
    assert torch.equal(output, other)
