"""Attention against PyTorch, and against its formula."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from archdsl.ir.dim import Dim, Domain
from archdsl.ir.shape import Shape
from archdsl.ops.op import Op, Refused
from tests.ops.interpret import Runner, tensors
from tests.ops.judge import check_macs, judge, make, module_of, shape

OPTIONS = {"causal": (False, True), "scale": (None, 0.5), "dropout": (0.0, 0.5, 1.5)}


@st.composite
def queries(draw: st.DrawFn) -> tuple[Op, tuple[Shape, ...]]:
    """q, k and v that go together, but for at most one size or dtype."""
    op = make("sdpa", **{name: draw(st.sampled_from(values)) for name, values in OPTIONS.items()})
    batch = draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))
    q, k, v = [*batch, 4, 2], [*batch, 5, 2], [*batch, 5, 3]
    wrong = draw(st.sampled_from([None, None, q, k, v]))
    if wrong is not None:
        wrong[draw(st.integers(0, len(wrong) - 1))] += 1
    dtypes = ["float32"] * 3
    if draw(st.integers(0, 5)) == 0:
        dtypes[draw(st.integers(0, 2))] = draw(st.sampled_from(["float64", "int64"]))
    return op, tuple(shape(*sizes, dtype=dtype) for sizes, dtype in zip((q, k, v), dtypes))


@given(queries())
def test_sdpa(case: tuple[Op, tuple[Shape, ...]]) -> None:
    op, shapes = case
    judge(op, *shapes)


def test_sdpa_is_its_formula() -> None:
    q, k, v = tensors([shape(2, 3, 4, 8), shape(2, 3, 5, 8), shape(2, 3, 5, 6)])
    op = make("sdpa", scale=0.3)
    ours = Runner(op, [q, k, v]).value(op.torch(shape(1, 1, 1), shape(1, 1, 1), shape(1, 1, 1)).function)
    torch.testing.assert_close(ours, torch.softmax(q @ k.mT * 0.3, -1) @ v)


def test_sdpa_counts_both_products() -> None:
    check_macs(make("sdpa"), shape(2, 3, 4, 8), shape(2, 3, 5, 8), shape(2, 3, 5, 6))


def test_dropout_is_for_training_alone() -> None:
    x = torch.rand(2, 2, 4, 8)
    op = make("sdpa", dropout=0.5)
    form = op.torch(*[shape(2, 2, 4, 8)] * 3).function
    assert torch.equal(*(Runner(op, [x, x, x]).value(form) for _ in range(2)))
    assert not torch.equal(*(Runner(op, [x, x, x], training=True).value(form) for _ in range(2)))


def test_sizes_that_depend_on_free_ones_fit_for_good_or_are_refused() -> None:
    domain = Domain()
    n, length = domain.symbol("N"), domain.symbol("L", 16)
    q = Shape([n, length, Dim.of(8)])
    op = make("sdpa")
    assert op.shape(q, q, q) == q
    with pytest.raises(Refused) as refused:
        op.shape(q, q, Shape([n, length + 1, Dim.of(8)]))
    error = refused.value.error
    assert error.said(error.title) == "`sdpa` of Lx8 and Lx8 and (L + 1)x8: the places of keys and values differ"


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("sizes", [((2, 5, 8),), ((2, 5, 8), (2, 3, 8)), ((2, 5, 8), (2, 3, 8), (2, 3, 6))])
def test_attention(sizes: tuple[tuple[int, ...], ...], bias: bool) -> None:
    shapes = [shape(*size) for size in sizes]
    op = make("attention", 2, bias=bias)
    assert judge(op, *shapes) == shapes[0]
    module = module_of(op, op.torch(*shapes)).train()  # the counter doesn't know the fast way of eval
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        module(*tensors(shapes))
    assert op.macs(tuple(x.at({}) for x in shapes), sizes[0]) * 2 == counter.get_total_flops()


@pytest.mark.parametrize(
    ("params", "sizes", "code"),
    [
        ({"heads": 3}, ((2, 5, 8),), "E0501"),
        ({"heads": 0}, ((2, 5, 8),), "E0501"),
        ({"heads": 2, "dropout": 2.0}, ((2, 5, 8),), "E0501"),
        ({"heads": 2}, ((2, 5, 8), (3, 5, 8)), "E0324"),
        ({"heads": 2}, ((2, 5, 8), (2, 4, 8), (2, 5, 8)), "E0324"),
        ({"heads": 2, "causal": True}, ((2, 5, 8), (2, 4, 8)), "E0510"),
        ({"heads": 2}, ((2, 8, 5, 5),), "E0311"),
        ({"heads": 2}, ((2, 8),), "E0311"),
    ],
)
def test_attention_that_makes_no_sense(params: dict[str, Any], sizes: tuple[tuple[int, ...], ...], code: str) -> None:
    with pytest.raises(Refused) as refused:
        make("attention", **params).shape(*(shape(*size) for size in sizes))
    assert refused.value.error.code == code


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_as_torchvision_and_others_call_it(causal: bool, training: bool) -> None:
    """The same initial weights, outputs and gradients, bit for bit."""
    op = make("attention", 4, causal=causal, dropout=0.25)
    torch.manual_seed(0)
    ours = module_of(op, op.torch(shape(2, 5, 16))).train(training)
    torch.manual_seed(0)
    theirs = nn.MultiheadAttention(16, 4, dropout=0.25, batch_first=True).train(training)
    assert {n: t.tolist() for n, t in ours.state_dict().items()} == {
        n: t.tolist() for n, t in theirs.state_dict().items()
    }
    x, y = (torch.arange(160.0).reshape(2, 5, 16).sin().requires_grad_() for _ in range(2))
    torch.manual_seed(1)
    out = ours(x)
    torch.manual_seed(1)
    mask = nn.Transformer.generate_square_subsequent_mask(5) if causal else None
    expected, _ = theirs(y, y, y, need_weights=False, attn_mask=mask, is_causal=causal)
    assert torch.equal(out, expected)
    if not training:
        with torch.no_grad():  # the fast way of eval
            assert torch.equal(ours(x), theirs(y, y, y, need_weights=False, attn_mask=mask, is_causal=causal)[0])
    out.square().sum().backward()
    expected.square().sum().backward()
    assert torch.equal(x.grad, y.grad)  # type: ignore[arg-type]


def test_causal_attention_does_not_see_what_comes_later() -> None:
    op, x = make("attention", 2, causal=True), torch.rand(1, 6, 8)
    module = module_of(op, op.torch(shape(1, 6, 8)))
    changed = x.clone()
    changed[:, 4:] = 0
    before, after = module(x), module(changed)
    torch.testing.assert_close(before[:, :4], after[:, :4])
    assert not torch.allclose(before[:, 4:], after[:, 4:])
