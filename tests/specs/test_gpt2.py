"""GPT-2 by hand: pre-normalised layers of causal attention, written out in full."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import archdsl
from tests.specs.by_hand import Tensors, assert_same, load
from tests.specs.read import SPECS


def norm(t: Tensors, name: str, x: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    deviation = (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    return centred / deviation * t[f"{name}.weight"] + t[f"{name}.bias"]


def attention(t: Tensors, name: str, x: Tensor, heads: int) -> Tensor:
    """A word sees itself and those before it; each head its own part of the features."""
    batch, length, dim = x.shape
    queries, keys, values = (
        part.reshape(batch, length, heads, dim // heads).transpose(1, 2)
        for part in t.linear(f"{name}.c_attn", x).split(dim, dim=-1)
    )
    scores = queries @ keys.transpose(-1, -2) / math.sqrt(dim // heads)
    later = torch.ones(length, length).triu(1).bool()
    mixed = scores.masked_fill(later, -math.inf).softmax(-1) @ values
    return t.linear(f"{name}.c_proj", mixed.transpose(1, 2).reshape(batch, length, dim))


def gelu(x: Tensor) -> Tensor:
    """Hendrycks and Gimpel's approximation, which GPT-2 has."""
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gpt2(t: Tensors, words: Tensor, depth: int, heads: int) -> Tensor:
    x = t["transformer.wte.weight"][words] + t["transformer.wpe.weight"][: words.shape[1]]
    for i in range(depth):
        layer = f"transformer.h.{i}"
        x = x + attention(t, f"{layer}.attn", norm(t, f"{layer}.ln_1", x), heads)
        hidden = gelu(t.linear(f"{layer}.mlp.c_fc", norm(t, f"{layer}.ln_2", x)))
        x = x + t.linear(f"{layer}.mlp.c_proj", hidden)
    t.unused.discard("lm_head.weight")  # the embedding's
    return F.linear(norm(t, "transformer.ln_f", x), t["transformer.wte.weight"])


def test_computes_what_it_does_by_hand() -> None:
    module = load("gpt2.arch", "gpt2_small", depth=3, dim=12, heads=3, vocab=20, context=128)
    assert module.get_parameter("lm_head.weight") is module.get_parameter("transformer.wte.weight")
    assert_same(module, lambda t, x: gpt2(t, x, depth=3, heads=3), torch.randint(20, (2, 9)))


@pytest.mark.parametrize(
    ("variant", "depth", "dim"),
    [("gpt2_small", 12, 768), ("gpt2_medium", 24, 1024), ("gpt2_large", 36, 1280), ("gpt2_xl", 48, 1600)],
)
def test_parameters(variant: str, depth: int, dim: int) -> None:
    """A layer has 12 d^2 weights, 9 d biases and 4 d of its norms."""
    expected = (50257 + 1024) * dim + depth * (12 * dim * dim + 13 * dim) + 2 * dim
    built = archdsl.load(SPECS / "gpt2.arch", variant=variant, device="meta")
    assert sum(p.numel() for p in built.parameters()) == expected


def test_residual_projections_start_smaller() -> None:
    """By 1 / sqrt(N), where N counts the sums: two in each layer."""
    torch.manual_seed(0)
    module = archdsl.load(SPECS / "gpt2.arch", variant="gpt2_small", depth=8, dim=64, heads=2, vocab=1000)
    for name, tensor in module.named_parameters():
        if name.endswith("c_proj.weight"):
            assert float(tensor.detach().std()) == pytest.approx(0.02 / 4, rel=0.1)
        elif name.endswith("weight") and tensor.dim() == 2:
            assert float(tensor.detach().std()) == pytest.approx(0.02, rel=0.1)
