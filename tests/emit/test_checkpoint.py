"""`checkpoint { }`: the same values, gradients, buffers and random numbers, from fewer kept activations."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor, nn

from archdsl.api import build
from archdsl.verify import verify
from tests.emit.build import code, network, program

UNIT = """\
block unit(width) {
    residual {
        conv1: conv(width, 3x3, pad=1, bias=false) -> bn1: bn -> relu -> dropout(0.2)
        conv2: conv(width, 1x1)
    }
    hardswish
}
"""

LINES = {
    "unlabelled": "conv(8, 1x1)\n {word} {{ a: unit(8) -> bn: bn; hardswish; b: unit(8) }}\n relu",
    "labelled": "conv(8, 1x1)\n layer: {word} {{ a: unit(8) -> bn: bn; hardswish; b: unit(8) }}\n relu",
    "in place before and behind": "conv(8, 1x1)\n {word} {{ hardswish; conv(8, 1x1) }}\n hardswish\n conv(8, 1x1)",
    "a value read again": "let x = @\n a: conv(8, 1x1)\n {word} {{ b: conv(8, 1x1); add(@, x) }}\n add(@, x)",
    "in a loop": 'for i in 0..4 {{ {word} {{ relu; "unit{{i}}": unit(8) }} }}',
    "around a loop": 'first: conv(8, 1x1)\n {word} {{ for i in 0..4 {{ "unit{{i}}": unit(8) }} }}\n relu',
    "two": "{word} {{ a: unit(8) -> bn: bn }}\n {word} {{ b: unit(8); relu }}\n relu",
    "two values": "{word} {{ a: conv(8, 1x1) -> relu; b: conv(8, 1x1) }}\n concat(@a, @)",
}


def built(lines: str, word: str) -> nn.Module:
    text = UNIT + network(lines.format(word=word))
    torch.manual_seed(0)
    module = build(program(text))
    assert verify(program(text), module) == []
    return module


def trained(module: nn.Module) -> tuple[list[Tensor], int]:
    """What a training step makes, and how many bytes of activations it keeps for the backward pass."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    torch.manual_seed(1)
    x = torch.randn(2, 8, 6, 6, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        y = module(x)
    y.square().sum().backward()
    grads = [p.grad for p in (x, *module.parameters()) if p.grad is not None]
    return [y.detach(), *grads, *module.buffers(), torch.rand(1)], sum(kept.values())


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES)
@pytest.mark.parametrize("training", [True, False])
def test_training_is_the_same_from_fewer_activations(lines: str, training: bool) -> None:
    plain, less = built(lines, 'section("s")').train(training), built(lines, "checkpoint").train(training)
    if "layer:" not in lines:
        assert list(plain.state_dict()) == list(less.state_dict())
    expected, much = trained(plain)
    found, little = trained(less)
    assert len(expected) == len(found)
    assert all(map(torch.equal, expected, found))
    assert little < much


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES)
def test_checkpoints_compile_and_export(lines: str) -> None:
    module = built(lines, "checkpoint").eval()
    x = torch.randn(2, 8, 6, 6)
    with torch.no_grad(), warnings.catch_warnings():
        expected = module(x)
        warnings.simplefilter("ignore")
        assert torch.equal(torch.export.export(module, (x,)).module()(x), expected)
        assert torch.allclose(torch.compile(module, backend="aot_eager")(x), expected, atol=1e-5)


def test_a_child_alone_is_handed_to_the_checkpoint_itself() -> None:
    plain = network("layer: checkpoint { conv(8, 1x1); relu }\n relu")
    assert "x = checkpoint(self.layer, image, use_reentrant=False)" in code(plain)
    assert "x = recomputed(self, self.layer, image)" in code(network("layer: checkpoint { conv(8, 1x1); bn }\n relu"))
