# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false
from __future__ import annotations

from torch import Tensor, nn


class MultiheadAttention(nn.MultiheadAttention):
    """Multi-head attention, batch first, that gives the values alone. Keys and values default to the query."""

    def __init__(
        self,
        features: int,
        heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        causal: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
    ) -> None:
        super().__init__(features, heads, dropout, bias, kdim=kdim, vdim=vdim, batch_first=True)
        self.causal = causal

    def forward(self, query: Tensor, key: Tensor | None = None, value: Tensor | None = None) -> Tensor:
        key = query if key is None else key
        value = key if value is None else value
        mask = None
        if self.causal:
            mask = nn.Transformer.generate_square_subsequent_mask(query.shape[1], device=query.device)
        return super().forward(query, key, value, need_weights=False, attn_mask=mask, is_causal=self.causal)[0]
