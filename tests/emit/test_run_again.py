"""Steps that are run again: the emitted module against one written by hand."""

from __future__ import annotations

import pickle

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.api import build
from archdsl.cost import Costs
from archdsl.receptive import receptive_field
from archdsl.summary import summarize
from archdsl.verify import verify
from tests.emit.build import code, program
from tests.emit.by_hand import assert_same_gradients, assert_same_state
from tests.emit.test_against_interpreter import compare

SIAMESE = """\
block unit(width, act: step = relu) { conv(width, 3x3, pad=1) -> bn -> act }
network siamese {
    input image: [N, 3, H = 12, W = 12] where H % 2 == 0, W % 2 == 0
    tower: {
        first: unit(8)
        stage: { unit(8, tanh) * 2 }
        last: conv(4, 1x1)
    }
    @image -> maxpool(2x2)
    small: @tower(@)
    @"tower.last"(@"tower.stage")
    deep: conv(4, 1x1)
    @deep(@) -> relu
    @deep(@) * 3
    add(@, @tower)
    maxpool(2x2)
    concat(@, @small)
}
"""


class Unit(nn.Sequential):
    def __init__(self, inputs: int, act: nn.Module) -> None:
        super().__init__(nn.Conv2d(inputs, 8, 3, padding=1), nn.BatchNorm2d(8), act)


class Tower(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = Unit(3, nn.ReLU())
        self.stage = nn.Sequential(Unit(8, nn.Tanh()), Unit(8, nn.Tanh()))
        self.last = nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.stage(self.first(x))
        return self.last(x), x


class ByHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tower = Tower()
        self.deep = nn.Conv2d(4, 4, 1)

    def forward(self, image: Tensor) -> Tensor:
        large, stage = self.tower(image)
        small, _ = self.tower(F.max_pool2d(image, 2))
        x = self.deep(self.tower.last(stage))
        x = F.relu(self.deep(x))
        for _ in range(3):
            x = self.deep(x)
        return torch.cat([F.max_pool2d(x + large, 2), small], 1)


def test_as_if_written_by_hand() -> None:
    torch.manual_seed(0)
    ours = build(program(SIAMESE))
    torch.manual_seed(0)
    theirs = ByHand()
    x = torch.randn(2, 3, 12, 12)
    assert torch.equal(ours(x), theirs(x))
    for module in (ours, theirs):
        module(x).square().sum().backward()
    assert_same_state(ours, theirs)
    assert_same_gradients(ours, theirs)


def test_does_what_the_graph_says() -> None:
    described = program(SIAMESE)
    module = build(described)
    assert verify(described, module) == []
    compare(described, module)


def test_reads_like_it() -> None:
    emitted = code(SIAMESE)
    assert emitted.count("class Tower") == 1
    assert "self.tower.last(" in emitted
    assert "for _ in range(3):\n            y = self.deep(y)" in emitted


def test_pickles_and_exports() -> None:
    module = build(program(SIAMESE)).eval()
    x = torch.randn(2, 3, 12, 12)
    assert torch.equal(pickle.loads(pickle.dumps(module))(x), module(x))
    exported = torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim("N")},))
    x = torch.randn(5, 3, 12, 12)
    torch.testing.assert_close(exported.module()(x), module(x))


TWICE = """\
network net {
    input image: [N, 3, 16, 16]
    tower: { conv(8, 3x3, pad=1) -> bn -> relu }
    @image -> maxpool(2x2)
    @tower(@) -> upsample(2)
    add(@, @tower)
}
"""


def test_parameters_count_once_and_macs_each_time() -> None:
    total = Costs(program(TWICE)).total
    assert total.params == 8 * 3 * 9 + 8 + 16
    assert total.buffers == 17
    assert total.macs == 8 * 3 * 9 * (16 * 16 + 8 * 8)


def test_receptive_field_goes_through_each_run() -> None:
    assert receptive_field(program(TWICE)) == (6, 6)


def test_a_summary_names_what_is_run() -> None:
    row = next(row for row in summarize(program(TWICE)).rows if row.kind == "@tower")
    assert (row.cost.params, row.output) == (0, (8, 8, 8))


def test_what_is_read_out_of_a_group_later() -> None:
    """A group's further results are results of its other runs as well, on other shapes too, and of groups in it."""
    text = """\
network net {
    input image: [N, 3, 16, 16]
    tower: {
        a: { inner: conv(8, 3x3, pad=1); conv(8, 1x1) }
        conv(8, 1x1)
    }
    @image -> maxpool(2x2)
    b: @tower(@)
    c: @tower(@image)
    @"tower.a.inner" -> maxpool(2x2)
    concat(@, @b)
    upsample(2)
    concat(@, @"tower.a", @c)
}
"""
    described = program(text)
    module = build(described)
    assert verify(described, module) == []
    compare(described, module)


def test_of_several_values() -> None:
    text = """\
block up(skip: value, width) { upsample(2); concat(skip, @) -> conv(width, 3x3, pad=1) }
network net {
    input image: [N, 4, 16, 16]
    a: conv(4, 1x1)
    both: add(@, @image)
    maxpool(2x2)
    u: up(@a, 4)
    maxpool(2x2)
    @u(@, @a)
    @both(@, @u, @a)
    { let kept = @; g: { conv(4, 1x1) -> add(@, kept) }; @g(kept) -> add(@, @g) }
}
"""
    described = program(text)
    module = build(described)
    assert verify(described, module) == []
    compare(described, module)


def test_within_a_block_that_is_called_often() -> None:
    text = """\
block twice(width, times = 2) {
    norm: bn
    step: conv(width, 3x3, pad=1)
    for i in 0..times { relu; @step(@) }
    @norm(@)
}
network net {
    input image: [N, 8, 6, 6]
    twice(8)
    twice(8, 3)
    group: { twice(8) -> again: twice(8); @again(@) }
}
"""
    described = program(text)
    module = build(described)
    assert verify(described, module) == []
    compare(described, module)
    assert code(text).count("class Twice") == 1


def test_a_step_without_weights_is_applied_anew() -> None:
    text = """\
network net {
    input image: [N, 3, 8, 8]
    act: tanh
    conv(3, 1x1)
    { @act(@) -> conv(3, 1x1) }
    pool: maxpool(2x2)
    @pool(@)
}
"""
    described = program(text)
    module = build(described)
    assert verify(described, module) == []
    compare(described, module)


def test_other_sizes_of_a_global_pool() -> None:
    text = """\
network net {
    input image: [N, 3, 16, 16]
    tower: { conv(8, 3x3) -> avgpool(out=1x1) -> flatten -> linear(4) }
    @image -> maxpool(2x2)
    @tower(@) -> add(@, @tower)
}
"""
    described = program(text)
    module = build(described)
    assert verify(described, module) == []
    compare(described, module)
