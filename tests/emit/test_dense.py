"""A DenseNet written as a spec is torchvision's: keys, outputs, gradients."""

from __future__ import annotations

import torch
from torchvision.models.densenet import DenseNet

from archdsl.api import build
from archdsl.verify import verify
from tests.emit.build import program

DENSENET = """
block dense_layer(growth, width) {
    norm1: bn -> relu1: relu -> conv1: conv(width, 1x1, bias=false)
    norm2: bn -> relu2: relu -> conv2: conv(growth, 3x3, pad=1, bias=false)
}

block transition {
    norm: bn -> relu: relu -> conv: conv(@in.channels // 2, 1x1, bias=false) -> pool: avgpool(2x2)
}

network densenet(growth = 4, depths = [2, 3, 2, 1], classes = 10) {
    input image: [N, 3, H = 64, W = 64]
    features: {
        conv0: conv(2 * growth, 7x7, stride=2, pad=3, bias=false) -> norm0: bn -> relu0: relu
        pool0: maxpool(3x3, stride=2, pad=1)
        for i, layers in enumerate(depths) {
            "denseblock{i + 1}": dense {
                for k in 0..layers { "denselayer{k + 1}": dense_layer(growth, 2 * growth) }
            }
            if i < len(depths) - 1 { "transition{i + 1}": transition }
        }
        norm5: bn
    }
    relu -> avgpool(out=1x1) -> flatten
    classifier: linear(classes)
}
"""


def test_densenet_is_torchvisions() -> None:
    theirs = DenseNet(growth_rate=4, block_config=(2, 3, 2, 1), num_init_features=8, bn_size=2, num_classes=10)
    spec = program(DENSENET)
    ours = build(spec)
    assert verify(spec, ours) == []
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert "features.denseblock1.denselayer1.norm1.weight" in ours.state_dict()
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 3, 64, 64)
    for training in (False, True):
        outputs = [module.train(training)(x) for module in (theirs, ours)]
        assert torch.equal(*outputs)
    for output in outputs:
        output.square().sum().backward()
    for (name, mine), wanted in zip(ours.named_parameters(), theirs.parameters()):
        assert mine.grad is not None and wanted.grad is not None
        assert torch.equal(mine.grad, wanted.grad), name
