"""Ops whose forms are out of the ordinary, emitted: what the module does is what the graph says, in gradients too."""

from __future__ import annotations

from textwrap import indent

import pytest
import torch

from archdsl.api import build
from archdsl.compiler import check
from archdsl.source import Source
from archdsl.verify import verify
from tests.emit.test_against_interpreter import compare

SPECS = {
    "grouped lrn, in a forward and as a child": """
        input image: [N, 4, 8, 8]
        lrn(5, groups=2) -> norm: { conv(6, 3x3) -> lrn(3, k=2, groups=2) -> scale -> bias }
    """,
    "connection table and sizes rounded up": """
        input image: [N, 3, 9, 9]
        c3: conv(4, 3x3, connect=[[0, 1], [1, 2], [0], [0, 1, 2]]) -> relu
        conv(4, 2x2, stride=3, ceil=true)
    """,
    "self-attention and cross-attention": """
        input tokens: [N, 6, 8]
        residual { layernorm -> attn: attention(2, causal=true) }
        let query = @
        linear(4)
        let memory = @
        @query -> attention(4, memory, bias=false)
    """,
    "places": """
        input tokens: [N, L = 6, 8]
        let tokens = @
        arange -> embedding(16, 8)
        let places = @
        @tokens -> arange(size=3) -> embedding(4, 8) -> reduce(1, by=sum, keep=true)
        add(tokens, places, @)
    """,
    "several outputs": """
        input tokens: [N, 6, 8]
        linear(24) -> chunk(3, axis=-1)
        sdpa(@, causal=true, dropout=0.1)
        rearrange("n l (two d) -> n two l d", two=2) -> unbind(1)
        let parts = @
        add(parts[1], parts[0])
    """,
    "indices": """
        input tokens: [N, 6, 8]
        buffer index: int64 [2, 3] = [[5, 0, 1], [1, 1, 2]]
        take(1, @index) -> roll([1, 3], [1, -3]) -> take(3, [0, 2, -1])
        reduce([1, 2], by=max)
    """,
    "arithmetic": """
        input features: [N, 8]
        linear(6) -> affine(2 / 3) -> tanh -> affine(1.7159, offset=0.5) -> linear(6) -> exp
        let x = @
        reduce(1, by=mean, keep=true)
        div(x, @) -> sqrt -> maximum { abs; linear(6); @ } -> cumsum(1)
        const centres: [2, 6] = [[1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]]
        distance(@, @centres)
    """,
}


@pytest.mark.parametrize("name", SPECS)
def test_emitted_ops_do_what_the_graph_says(name: str) -> None:
    checked = check(Source("ops.arch", f"network ops {{\n{indent(SPECS[name], '    ')}\n}}\n"))
    assert [d.title for d in checked.diagnostics] == []
    assert checked.program is not None
    torch.manual_seed(0)
    module = build(checked.program)
    assert verify(checked.program, module) == []
    for training in (False, True):
        compare(checked.program, module.train(training))
