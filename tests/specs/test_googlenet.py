"""GoogLeNet as published: Table 1 row by row, Caffe's arithmetic, and the forms that rescale their input."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
import torchvision
from torch import Tensor
from torch.nn import functional as F

import archdsl
from archdsl.ir.graph import Layer, Scope
from tests.specs.by_hand import Tensors, assert_same, load
from tests.specs.read import SPECS, program


class Row(NamedTuple):
    """Of Table 1: #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool proj; what comes in, and the size of its maps."""

    one: int
    three_reduce: int
    three: int
    five_reduce: int
    five: int
    pool: int
    inputs: int
    size: int

    @property
    def out(self) -> int:
        return self.one + self.three + self.five + self.pool

    @property
    def params(self) -> int:
        """Weights and biases of six convolutions."""
        convolutions = [
            (self.inputs, self.one, 1),
            (self.inputs, self.three_reduce, 1),
            (self.three_reduce, self.three, 3),
            (self.inputs, self.five_reduce, 1),
            (self.five_reduce, self.five, 5),
            (self.inputs, self.pool, 1),
        ]
        return sum(outputs * (inputs * kernel**2 + 1) for inputs, outputs, kernel in convolutions)


TABLE_1 = {
    "3a": Row(64, 96, 128, 16, 32, 32, 192, 28),
    "3b": Row(128, 128, 192, 32, 96, 64, 256, 28),
    "4a": Row(192, 96, 208, 16, 48, 64, 480, 14),
    "4b": Row(160, 112, 224, 24, 64, 64, 512, 14),
    "4c": Row(128, 128, 256, 24, 64, 64, 512, 14),
    "4d": Row(112, 144, 288, 32, 64, 64, 512, 14),
    "4e": Row(256, 160, 320, 32, 128, 128, 528, 14),
    "5a": Row(256, 160, 320, 32, 128, 128, 832, 7),
    "5b": Row(384, 192, 384, 48, 128, 128, 832, 7),
}


def caffe_pool(size: int, kernel: int, stride: int) -> int:
    """Caffe rounds up."""
    return -(-(size - kernel) // stride) + 1


def test_parameters_by_the_prototxt() -> None:
    stem = 64 * (3 * 49 + 1) + 64 * (64 + 1) + 192 * (64 * 9 + 1)
    # A head: 5x5 average pool at stride 3 of a 14x14 map, 1x1 convolution of 128, 1024 units, classifier.
    side = caffe_pool(14, 5, 3)
    heads = sum(128 * (row.out + 1) + 1024 * (128 * side**2 + 1) for row in (TABLE_1["4a"], TABLE_1["4d"]))
    classifiers = 3 * 1000 * (1024 + 1)
    mixed = sum(row.params for row in TABLE_1.values())
    assert stem + mixed + heads + classifiers == 13_378_280
    built = archdsl.load(SPECS / "googlenet.arch", variant="googlenet_2014", device="meta")
    assert sum(p.numel() for p in built.parameters()) == 13_378_280


def test_every_shape_is_the_prototxts() -> None:
    found: dict[str, tuple[int, ...]] = {}
    rest: list[tuple[str, tuple[int, ...]]] = []
    for node in program("googlenet.arch", "googlenet_2014").graph.nodes:
        shape = node.outputs[0].shape
        assert shape is not None
        sizes = tuple(dim.constant or 0 for dim in shape.dims[1:])
        if isinstance(node, Scope) and node.name and node.name[0].startswith("inception"):
            found[node.name[0].removeprefix("inception")] = sizes
        elif isinstance(node, Layer) and node.op.name in ("maxpool", "lrn", "avgpool"):
            rest.append((node.op.name, sizes))
    assert found == {name: (row.out, row.size, row.size) for name, row in TABLE_1.items()}
    size = (224 + 2 * 3 - 7) // 2 + 1
    assert [size := caffe_pool(size, 3, 2) for _ in range(4)] == [56, 28, 14, 7]
    assert [each for each in rest if each[0] != "avgpool"] == [
        ("maxpool", (64, 56, 56)),
        ("lrn", (64, 56, 56)),
        ("lrn", (192, 56, 56)),
        ("maxpool", (192, 28, 28)),
        ("maxpool", (480, 14, 14)),
        ("maxpool", (832, 7, 7)),
    ]
    assert rest[-1] == ("avgpool", (1024, 1, 1))


def lrn(x: Tensor) -> Tensor:
    """Caffe's: alpha is 10^-4, divided by the five maps that are seen, and k is 1."""
    squares = F.pad(x.square(), (0, 0, 0, 0, 2, 2)).unfold(1, 5, 1).sum(-1)
    return x / (1 + 1e-4 / 5 * squares) ** 0.75


def pool(x: Tensor, stride: int = 2) -> Tensor:
    return F.max_pool2d(x, 3, stride, padding=1 if stride == 1 else 0, ceil_mode=True)


def mixed(t: Tensors, name: str, x: Tensor) -> Tensor:
    def unit(branch: str, x: Tensor, pad: int = 0) -> Tensor:
        return F.relu(t.conv(f"inception{name}.{branch}.conv", x, pad=pad))

    return torch.cat(
        [
            unit("branch1", x),
            unit("branch2.1", unit("branch2.0", x), pad=1),
            unit("branch3.1", unit("branch3.0", x), pad=2),
            unit("branch4.1", pool(x, stride=1)),
        ],
        1,
    )


def head(t: Tensors, name: str, x: Tensor) -> Tensor:
    x = F.relu(t.conv(f"{name}.conv.conv", F.avg_pool2d(x, 5, 3)))
    return t.linear(f"{name}.fc2", F.relu(t.linear(f"{name}.fc1", x.flatten(1))))


def googlenet(t: Tensors, x: Tensor) -> Tensor:
    """All three outputs, the main one first, one beside the other. Without dropout."""
    x = lrn(pool(F.relu(t.conv("conv1.conv", x, stride=2, pad=3))))
    x = F.relu(t.conv("conv3.conv", F.relu(t.conv("conv2.conv", x)), pad=1))
    x = pool(lrn(x))
    heads: list[Tensor] = []
    for name in TABLE_1:
        x = mixed(t, name, x)
        if name in ("4a", "4d"):
            heads.append(head(t, f"aux{len(heads) + 1}", x))
        if name in ("3b", "4e"):
            x = pool(x)
    return torch.cat([t.linear("fc", F.avg_pool2d(x, 7).flatten(1)), *heads], 1)


class AllOutputs(torch.nn.Module):
    """As in training, but nothing is dropped."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        made = self.network(x)
        return torch.cat([made.logits, made.aux_logits1, made.aux_logits2], 1)


def test_the_papers_form_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(F, "dropout", lambda x, *_, **__: x)
    network = load("googlenet.arch", "googlenet_2014", classes=7).train()
    for name, tensor in network.named_parameters():
        if name.endswith("weight"):  # as they start, nothing is left of an image after 22 layers
            torch.nn.init.kaiming_normal_(tensor)
    image = 30 * torch.randn(1, 3, 224, 224)  # so large that the norms weigh

    def reference(t: Tensors, x: Tensor) -> Tensor:
        inner = Tensors({name.removeprefix("network."): t[name] for name in list(t.unused)})
        made = googlenet(inner, x)
        assert not inner.unused
        return made

    assert_same(AllOutputs(network), reference, image)


@pytest.mark.parametrize(
    ("file", "variant", "size"),
    [("googlenet.arch", "googlenet_no_aux", (64, 96)), ("inception_v3.arch", "inception_v3_no_aux", (107, 91))],
)
def test_rescaled_inputs_are_torchvisions(file: str, variant: str, size: tuple[int, int]) -> None:
    """Its `transform_input`, with which the first published weights were trained."""
    build = {"googlenet.arch": torchvision.models.googlenet, "inception_v3.arch": torchvision.models.inception_v3}[file]
    torch.manual_seed(0)
    theirs = build(weights=None, aux_logits=False, transform_input=True, init_weights=False)
    x = torch.randn(2, 3, *size)
    for norm in theirs.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.momentum = 1.0  # to the statistics of the very image, or nothing would be left of it
    theirs(x)
    theirs.eval()
    ours = archdsl.load(SPECS / file, variant=variant, transform_input=True).eval()
    state = ours.state_dict()
    declared = {name for name in ("scale", "shift") if name in state}
    missing = ours.load_state_dict(theirs.state_dict(), strict=False)
    assert set(missing.missing_keys) == declared and missing.unexpected_keys == []
    with torch.no_grad():
        plain = theirs(x)
        torch.testing.assert_close(ours(x), plain, rtol=1e-4, atol=1e-5 * float(plain.abs().max()))
        theirs.transform_input = False
        assert not torch.allclose(theirs(x), plain, rtol=1e-2, atol=1e-3 * float(plain.abs().max())), "it matters"
