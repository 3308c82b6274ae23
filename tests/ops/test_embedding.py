"""Embeddings and places against PyTorch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given

from archdsl.ir.dim import Domain
from archdsl.ir.shape import Shape
from tests.ops.interpret import Runner
from tests.ops.judge import check_free, judge, make, module_of, shape
from tests.ops.strategies import Case, cases, choice, param


@given(
    cases(
        "embedding",
        {
            "vocab": param(choice(2, 5), 0, -1, needed=True),
            "dim": param(choice(1, 3), 0, -1, needed=True),
            "padding": param(choice(None, 0, -1), 5, -6),
        },
        ranks=(1, 2, 3),
        bad_ranks=(1,),
        dtypes=("int64", "int32"),
        bad_dtypes=("float32", "int16", "bool"),
    )
)
def test_embedding(case: Case) -> None:
    op, (x,) = case
    if judge(op, x):
        check_free(op, x.at({}), x.dtype)


def test_padding_starts_as_zeros_and_stays() -> None:
    op, ids = make("embedding", 5, 3, padding=0), torch.tensor([[0, 2]])
    module = module_of(op, op.torch(shape(1, 2, dtype="int64")))
    module(ids).sum().backward()
    assert torch.equal(module.state_dict()["weight"][0], torch.zeros(3))
    assert torch.equal(module.get_parameter("weight").grad[0], torch.zeros(3))  # type: ignore[index]


@given(
    cases(
        "arange",
        {"axis": param(choice(None, 1, -1), 6, -7), "size": param(choice(None, 1, 4), 0, -1)},
        ranks=(2, 3, 4),
        bad_ranks=(1,),
        bad_dtypes=("int64", "bool"),
    )
)
def test_arange(case: Case) -> None:
    op, (x,) = case
    if judge(op, x):
        check_free(op, x.at({}), x.dtype)


@pytest.mark.parametrize("length", [1, 7])
def test_arange_counts_a_free_axis(length: int) -> None:
    domain = Domain()
    ids = Shape([domain.symbol("N"), domain.symbol("L")], "int64")
    op = make("arange")
    assert repr(op.shape(ids)) == "[1, L]"
    places = Runner(op, [torch.zeros(3, length, dtype=torch.int64)]).value(op.torch(ids).function)
    assert torch.equal(places, torch.arange(length)[None])
