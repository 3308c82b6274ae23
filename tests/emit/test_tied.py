"""Tied weights: the emitted module against one written by hand."""

from __future__ import annotations

import pickle

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.api import build
from archdsl.cost import Costs
from archdsl.state import tensors
from archdsl.verify import verify
from tests.emit.build import code, program
from tests.emit.by_hand import assert_same_gradients, assert_same_state
from tests.emit.test_against_interpreter import compare

SPEC = """\
network net(words = 11, dim = 8) {
    input x: [N, 4, 8]
    encode: linear(words)
    stage: {
        param table: [dim, words] = normal(std=0.5)
        back: linear(dim, weight=@table)
        inner: { up: linear(words, bias=@encode.bias, weight=@encode.weight) -> tanh -> linear(dim, weight=@table) }
    }
    head: linear(words, bias=false, weight=@"stage.inner.up".weight)
}
"""


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(8, 11)
        self.add_module("2", nn.Linear(11, 8))


class Stage(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(8, 11).normal_(std=0.5))
        self.back = nn.Linear(11, 8)
        self.back.weight = self.table
        self.inner = Inner()
        self.inner.get_submodule("2").weight = self.table


class ByHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Linear(8, 11)
        self.stage = Stage()
        self.stage.inner.up.weight = self.encode.weight
        self.stage.inner.up.bias = self.encode.bias
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.encode.weight

    def forward(self, x: Tensor) -> Tensor:
        x = self.stage.back(self.encode(x))
        x = torch.tanh(F.linear(x, self.encode.weight, self.encode.bias))
        return self.head(self.stage.inner.get_submodule("2")(x))


def test_as_if_written_by_hand() -> None:
    torch.manual_seed(0)
    ours = build(program(SPEC))
    torch.manual_seed(0)
    theirs = ByHand()
    assert_same_state(ours, theirs)
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    x = torch.randn(2, 4, 8)
    assert torch.equal(ours(x), theirs(x))
    for module in (ours, theirs):
        module(x).square().sum().backward()
    assert_same_gradients(ours, theirs)


def test_does_what_the_graph_says() -> None:
    described = program(SPEC)
    module = build(described)
    assert verify(described, module) == []
    compare(described, module)


def test_counted_once_but_listed_under_each_key() -> None:
    described = program(SPEC)
    module = build(described)
    assert Costs(described).total.params == sum(parameter.numel() for parameter in module.parameters())
    tied = {tensor.key: tensor.tied for tensor in tensors(described) if tensor.tied}
    assert tied == {
        "stage.back.weight": "stage.table",
        "stage.inner.up.weight": "encode.weight",
        "stage.inner.up.bias": "encode.bias",
        "stage.inner.2.weight": "stage.table",
        "head.weight": "encode.weight",
    }
    state = dict(module.named_parameters(remove_duplicate=False))
    assert all(state[key] is state[owner] for key, owner in tied.items())


def test_a_pickle_keeps_them_tied_and_they_export() -> None:
    module = build(program(SPEC)).eval()
    copy = pickle.loads(pickle.dumps(module))
    assert copy.get_parameter("head.weight") is copy.get_parameter("encode.weight")
    x = torch.randn(2, 4, 8)
    exported = torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim("N")},))
    torch.testing.assert_close(exported.module()(torch.ones(5, 4, 8)), module(torch.ones(5, 4, 8)))


def test_within_each_call_of_a_block() -> None:
    text = """\
block pair(width) { a: linear(width) -> b: linear(width, weight=@a.weight) }
network net {
    input x: [N, 4]
    first: pair(4)
    second: pair(4)
    third: { linear(4) -> pair(4) }
}
"""
    described = program(text)
    module = build(described)
    assert verify(described, module) == []
    compare(described, module)
    assert module.get_parameter("first.b.weight") is not module.get_parameter("second.b.weight")
    assert code(text).count("self.b.weight = self.a.weight") == 1


def test_a_step_value_carries_its_tensor() -> None:
    text = """\
network net {
    input x: [N, 4]
    a: linear(4)
    let again = linear(4, weight=@a.weight)
    again -> relu -> again
}
"""
    module = build(program(text))
    state = module.state_dict(keep_vars=True)
    assert state["1.weight"] is state["a.weight"] is state["3.weight"]
    assert state["1.bias"] is not state["3.bias"]
