"""The one list of a program's tensors, against what the module itself says."""

from __future__ import annotations

import torch

from archdsl.api import build
from archdsl.state import tensors
from tests.emit.build import program

SPEC = """\
block unit(width) { conv(width, 3x3, pad=1, bias=false) -> bn -> prelu }
network net {
    input image: [N, 3, 8, 8]
    "towers.a": conv(4, 1x1)
    stem: { unit(8) -> scale }
    "towers.b": unit(4) * 2
    avgpool(out=1x1) -> flatten
    fc: linear(5)
}
"""


def test_keys_shapes_and_dtypes_in_order() -> None:
    described = program(SPEC)
    module = build(described)
    saved = [(key, tuple(tensor.shape), tensor.dtype) for key, tensor in module.state_dict().items()]
    assert [(t.key, t.shape, getattr(torch, t.dtype)) for t in tensors(described) if t.saved] == saved


def test_what_is_trained() -> None:
    described = program(SPEC)
    trained = [name for name, _ in build(described).named_parameters()]
    assert [tensor.key for tensor in tensors(described) if tensor.trainable] == trained


def test_each_tensor_knows_its_step() -> None:
    described = program(SPEC)
    module = build(described)
    for tensor in tensors(described):
        owner = module.get_submodule(tensor.key.rpartition(".")[0])
        assert getattr(owner, tensor.name).shape == tensor.shape
