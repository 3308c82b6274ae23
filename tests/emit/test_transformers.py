"""Declared tensors and tied weights where they are used most: a vision transformer and GPT-2, made small."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import VisionTransformer

from archdsl.api import build
from archdsl.cost import Costs
from archdsl.verify import verify
from tests.emit.build import code, program

VIT = """\
block encoder_block(heads, dim) {
    residual { ln_1: layernorm(eps=0.000001) -> self_attention: attention(heads) }
    residual {
        ln_2: layernorm(eps=0.000001)
        mlp: { linear(4 * dim) -> gelu -> dropout(0) -> linear(dim) -> dropout(0) }
    }
}
network vit(dim = 8, depth = 2, heads = 2, classes = 10) {
    input image: [N, 3, 32, 32]
    param class_token: [1, 1, dim] = zeros
    conv_proj: conv(dim, 16x16, stride=16)
    rearrange("n c h w -> n (h w) c")
    let patches = @
    @class_token -> expand(patches) -> concat(@, patches, axis=1)
    encoder: {
        param pos_embedding: [1, @.shape[1], dim] = normal(std=0.02)
        add(@, @pos_embedding) -> dropout(0)
        layers: { for i in 0..depth { "encoder_layer_{i}": encoder_block(heads, dim) } }
        ln: layernorm(eps=0.000001)
    }
    select(1, 0)
    heads: { head: linear(classes) }
}
"""


def test_a_vision_transformer_is_torchvisions() -> None:
    theirs = VisionTransformer(
        image_size=32, patch_size=16, num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=32, num_classes=10
    ).eval()
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, std=0.2)  # its head and token start as zeros, which would hide mistakes
    described = program(VIT)
    ours = build(described).eval()
    assert verify(described, ours) == []
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict(), strict=True)
    x = torch.randn(3, 3, 32, 32)
    torch.testing.assert_close(ours(x), theirs(x), rtol=1e-5, atol=1e-5)


def test_it_reads_as_one_would_write_it() -> None:
    emitted = code(VIT)
    assert "self.class_token = nn.Parameter(torch.zeros(1, 1, 8))" in emitted
    assert "self.class_token.expand(x.shape[0], -1, -1)" in emitted


GPT = """\
block layer(heads) {
    let dim = @.features
    residual { ln_1: layernorm -> attn: attention(heads, causal=true) }
    residual { ln_2: layernorm -> mlp: { c_fc: linear(4 * dim) -> gelu(approximate=tanh) -> c_proj: linear(dim) } }
}
network gpt2(vocab = 50257, dim = 768, context = 1024, depth = 12, heads = 12) {
    input ids: int64 [N, L = 16] where L <= 1024
    transformer: {
        let words = @
        wte: embedding(vocab, dim)
        let tokens = @
        @words -> arange -> wpe: embedding(context, dim)
        add(tokens, @)
        h: layer(heads) * depth
        ln_f: layernorm
    }
    lm_head: linear(vocab, bias=false, weight=@"transformer.wte".weight)
}
variant tiny = gpt2(vocab=50, dim=16, context=32, depth=2, heads=2)
"""


class Gpt(nn.Module):
    """The two ends of it by hand, around the layers in between."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.wte = nn.Embedding(50, 16)
        self.wpe = nn.Embedding(32, 16)
        self.h = layers
        self.ln_f = nn.LayerNorm(16)
        self.lm_head = nn.Linear(16, 50, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, ids: Tensor) -> Tensor:
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        return F.linear(self.ln_f(self.h(x)), self.wte.weight)


def test_gpt2_has_its_parameters() -> None:
    assert Costs(program(GPT, "gpt2")).total.params == 124_439_808


def test_a_tied_head_trains_the_embedding_at_both_ends() -> None:
    described = program(GPT, "tiny")
    ours = build(described)
    assert verify(described, ours) == []
    assert "self.lm_head.weight = self.transformer.wte.weight" in code(GPT, "tiny")
    theirs = Gpt(build(described).get_submodule("transformer.h"))
    theirs.load_state_dict({key.removeprefix("transformer."): tensor for key, tensor in ours.state_dict().items()})
    ids = torch.randint(0, 50, (2, 7))
    assert torch.equal(ours(ids), theirs(ids))
    for module in (ours, theirs):
        F.cross_entropy(module(ids).flatten(0, 1), ids.flatten()).backward()
    mine, other = ours.get_parameter("transformer.wte.weight").grad, theirs.wte.weight.grad
    assert mine is not None and other is not None
    assert torch.equal(mine, other)
