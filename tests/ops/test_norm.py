"""Normalisations against PyTorch, and linear, which like layernorm acts on the last axis."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from torch.nn import functional as F

from archdsl.ir.dim import Dim, Domain
from archdsl.ir.shape import Shape
from archdsl.ops.op import Refused
from tests.ops.interpret import Runner
from tests.ops.judge import check_free, check_macs, judge, make, module_of, shape
from tests.ops.strategies import Case, cases, choice, param

EPS = param(choice(1e-5, 1e-3, 1.0), -1.0, 0.0)
MOMENTUM = param(choice(None, 0.0, 0.1, 1.0), -1.0, 2.0)
FLAG = param(choice(True, False))
TRACKING = {"eps": EPS, "momentum": MOMENTUM, "affine": FLAG, "track": FLAG}


def check(case: Case, start: int = 2) -> None:
    op, (x,) = case
    if judge(op, x):
        check_free(op, x.at({}), start=start)


@settings(max_examples=200)
@given(cases("bn", TRACKING, ranks=(2, 3, 4, 5), bad_ranks=(1, 6)))
def test_bn(case: Case) -> None:
    check(case)


@settings(max_examples=200)
@given(cases("instancenorm", TRACKING))
def test_instancenorm(case: Case) -> None:
    check(case)


@given(
    cases(
        "layernorm",
        {"axes": param(choice(1), 0, -1, 2, 9), "eps": EPS, "affine": FLAG, "bias": FLAG},
        ranks=(2, 3, 4, 5),
        bad_ranks=(1,),
    )
)
def test_layernorm(case: Case) -> None:
    check(case, start=0)


@given(
    cases(
        "groupnorm",
        {"groups": param(choice(1, 2), 0, -1, 4, needed=True), "eps": EPS, "affine": FLAG},
        ranks=(2, 3, 4, 5, 6),
        bad_ranks=(1,),
    )
)
def test_groupnorm(case: Case) -> None:
    check(case)


@given(
    cases(
        "lrn",
        {
            "size": param(choice(1, 2, 3, 5), 0, -1),
            "alpha": param(choice(1e-4, 0.0, 1.0)),
            "beta": param(choice(0.75, 1.0)),
            "k": param(choice(1.0, 2.0)),
            "groups": param(choice(1, 2), 0, -1, 5),
        },
        ranks=(3, 4, 5, 6),
        bad_ranks=(2,),
    )
)
def test_lrn(case: Case) -> None:
    check(case, start=0)


@given(
    cases(
        "linear",
        {"units": param(choice(1, 2, 5), 0, -1, needed=True), "bias": FLAG},
        ranks=(2, 3, 4, 5),
        bad_ranks=(1,),
    )
)
def test_linear(case: Case) -> None:
    op, (x,) = case
    check(case)
    if judge(op, x):
        check_macs(op, x)


def test_linear_of_a_free_size_is_refused() -> None:
    domain = Domain()
    with pytest.raises(Refused) as refused:
        make("linear", 10).shape(Shape([domain.symbol("N"), domain.symbol("F") * 3]))
    error = refused.value.error
    assert error.code == "E0313"
    assert error.said(error.title) == "the weights of `linear` need a fixed size, but the number of features is 3*F"


def test_normalising_a_single_number_is_refused_whatever_the_batch() -> None:
    x = Shape([Domain().symbol("N"), Dim.of(4), Dim.of(1), Dim.of(1)])
    with pytest.raises(Refused) as refused:
        make("instancenorm").shape(x)
    assert refused.value.error.code == "E0323"
    make("groupnorm", 4).shape(x)  # goes well from a batch of 2 on


@pytest.mark.parametrize("size", [4, 5])
def test_grouped_lrn_is_two_towers_run_apart(size: int) -> None:
    x = torch.rand(2, 96, 5, 5)
    op = make("lrn", size, alpha=0.5, k=2.0, groups=2)
    form = op.torch(shape(2, 96, 5, 5))
    apart = torch.cat([F.local_response_norm(tower, size, alpha=0.5, k=2.0) for tower in x.chunk(2, 1)], 1)
    assert not torch.equal(apart, F.local_response_norm(x, size, alpha=0.5, k=2.0)), "they differ at the seam"
    for memory in (torch.contiguous_format, torch.channels_last):
        laid_out = x.contiguous(memory_format=memory)
        torch.testing.assert_close(module_of(op, form)(laid_out), apart, rtol=1e-6, atol=0)
    assert torch.equal(module_of(op, form)(x), apart)


def test_lrn_divides_alpha_by_its_size() -> None:
    """The paper doesn't: there, alpha 1e-4 is this one's 5e-4."""
    x = torch.rand(1, 8, 2, 2)
    op = make("lrn", 5, alpha=0.5, beta=1.0, k=2.0)
    ours = Runner(op, [x]).value(op.torch(shape(1, 8, 2, 2)).function)
    energy = sum(x[:, j] ** 2 for j in range(1, 6))
    torch.testing.assert_close(ours[:, 3], x[:, 3] / (2.0 + 0.1 * energy))
