"""Declared tensors: the emitted module against one written by hand, and what the module's source looks like."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import Tensor, nn

from archdsl.api import build
from archdsl.cost import Costs
from archdsl.state import tensors
from archdsl.verify import verify
from tests.emit.build import code, program, ruff
from tests.emit.by_hand import assert_same_gradients, assert_same_state
from tests.emit.test_against_interpreter import compare

SPEC = """\
block embed(dim, length, start: float = 0.5) {
    proj: linear(dim)
    buffer order: int64 [length] = [length - 1 - i for i in 0..length]
    param position: [1, length, dim] = start
    param gain: [dim]
    norm: layernorm -> add(@, @position) -> mul(@, @gain)
}
network net(dim = 6) {
    input tokens: [N, 4, 3]
    const mean: [3] = [0.25, 0.5, 0.125]
    sub(@, @mean)
    first: embed(dim, 4)
    group: {
        param bias: [1, 1, 2 * dim] = ones
        second: embed(2 * dim, 4, start=1.5)
        add(@, @bias)
    }
    last: linear(dim)
    param class_token: [4, dim] = uniform(-1, 1)
    add(@class_token, @)
}
"""


class Embed(nn.Module):
    def __init__(self, features: int, dim: int, start: float) -> None:
        super().__init__()
        self.proj = nn.Linear(features, dim)
        self.register_buffer("order", torch.arange(3, -1, -1))
        self.position = nn.Parameter(torch.full((1, 4, dim), start))
        self.gain = nn.Parameter(torch.zeros(dim))
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        return (self.norm(self.proj(x)) + self.position) * self.gain


class ByHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.25, 0.5, 0.125]), persistent=False)
        self.first = Embed(3, 6, 0.5)
        self.group = nn.Module()
        self.group.bias = nn.Parameter(torch.ones(1, 1, 12))
        self.group.second = Embed(6, 12, 1.5)
        self.last = nn.Linear(12, 6)
        self.class_token = nn.Parameter(nn.init.uniform_(torch.empty(4, 6), -1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x - self.mean)
        x = self.group.second(x) + self.group.bias
        return self.class_token + self.last(x)


def test_as_if_written_by_hand() -> None:
    torch.manual_seed(0)
    ours = build(program(SPEC))
    torch.manual_seed(0)
    theirs = ByHand()
    assert_same_state(ours, theirs)
    x = torch.randn(2, 4, 3)
    with torch.no_grad():
        for module in (ours, theirs):
            for name, tensor in module.named_parameters():
                if name.endswith("gain"):
                    tensor.fill_(2.0)
    for module in (ours, theirs):
        module(x).square().sum().backward()
    assert torch.equal(ours(x), theirs(x))
    assert_same_gradients(ours, theirs)


def test_does_what_the_graph_says() -> None:
    described = program(SPEC)
    module = build(described)
    assert verify(described, module) == []
    compare(described, module)


def test_a_const_is_no_part_of_the_state_but_listed() -> None:
    described = program(SPEC)
    assert [tensor.key for tensor in tensors(described) if not tensor.saved] == ["mean"]
    assert "mean" not in build(described).state_dict()


def test_costs_count_them() -> None:
    described = program(SPEC)
    total = Costs(described).total
    module = build(described)
    assert total.params == sum(parameter.numel() for parameter in module.parameters())
    assert total.buffers == sum(buffer.numel() for buffer in module.buffers())


def test_pickles_and_exports() -> None:
    module = build(program(SPEC)).eval()
    x = torch.randn(2, 4, 3)
    assert torch.equal(pickle.loads(pickle.dumps(module))(x), module(x))
    exported = torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim("N")},))
    torch.testing.assert_close(exported.module()(torch.ones(5, 4, 3)), module(torch.ones(5, 4, 3)))


FORMS = """\
network net {{
    input x: [N, 2, 3]
    param value: {}
    add(@, @value)
}}
"""


def made(declaration: str) -> str:
    line = next(line for line in code(FORMS.format(declaration)).splitlines() if "self.value =" in line)
    return line.strip().removeprefix("self.value = nn.Parameter(").removesuffix(")")


def test_each_start_is_written_as_anyone_would() -> None:
    assert made("[2, 3]") == "torch.zeros(2, 3)"
    assert made("[3] = ones") == made("[3] = 1") == "torch.ones(3)"
    assert made("[3] = 2") == made("[3] = constant(2)") == "torch.full((3,), 2.0)"
    assert made("[] = 0.5") == "torch.full((), 0.5)"
    assert made("[2, 1] = [1, 0.5]") == "torch.tensor([[1.0], [0.5]])"
    assert made("[3] = trunc_normal(std=0.02)") == "nn.init.trunc_normal_(torch.empty(3), std=0.02)"
    assert made("[3] = if 1 > 2 then ones else zeros") == "torch.zeros(3)"


def test_dtypes() -> None:
    text = """\
network net {
    input x: [N, 3]
    buffer a: int32 [3] = [1, 2, 3]
    buffer b: bool [2] = [true, false]
    buffer c: float64 [2] = 0.5
    buffer d: uint8 [2] = ones
    buffer e: int64 [] = 7
    relu
}
"""
    module = build(program(text))
    dtypes = [torch.int32, torch.bool, torch.float64, torch.uint8, torch.int64]
    assert [buffer.dtype for buffer in module.state_dict().values()] == dtypes
    assert [buffer.tolist() for buffer in module.state_dict().values()] == [
        [1, 2, 3], [True, False], [0.5, 0.5], [1, 1], 7
    ]  # fmt: skip


def test_a_long_list_stays_readable(tmp_path: Path) -> None:
    text = """\
network net {
    input x: [N, 1024]
    const ramp: [1024] = [0.5 * i for i in 0..1024]
    const rows: [30, 16] = [[100 * i + k for k in 0..16] for i in 0..30]
    add(@, @ramp) -> linear(16)
    concat(@, @rows, axis=0)
}
"""
    emitted = code(text)
    assert max(map(len, emitted.splitlines())) <= 120
    assert len(emitted.splitlines()) < 150
    (tmp_path / "net.py").write_text(emitted)
    assert ruff(tmp_path, "format", "--check", "--line-length", "120") == ""
    module = build(program(text))
    assert module.get_buffer("ramp").tolist() == [0.5 * i for i in range(1024)]
    assert module.get_buffer("rows")[29, 15] == 2915


def test_present_under_a_condition() -> None:
    text = """\
block tokens(pos = true, dim = 4) {
    linear(dim)
    if pos {
        param position: [dim] = 0.5
        add(@, @position) -> relu
    }
    head: linear(4)
}
network net {
    input x: [N, 3]
    a: tokens
    b: tokens(false)
    c: tokens(dim=8)
}
"""
    described = program(text)
    module = build(described)
    assert verify(described, module) == []
    assert [key for key in module.state_dict() if "position" in key] == ["a.position", "c.position"]
    compare(described, module)
    assert code(text).count("class Tokens") == 1
