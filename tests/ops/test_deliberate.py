"""Every exception in `deliberate.py` is one: we refuse its example so, PyTorch doesn't."""

from __future__ import annotations

import pytest

from archdsl.ops.op import Refused
from tests.ops.deliberate import DELIBERATE, Deliberate
from tests.ops.judge import make, shape, torch_fails


@pytest.mark.parametrize("entry", DELIBERATE, ids=lambda entry: f"{entry.code}-{entry.param}-{entry.example[0]}")
def test_we_refuse_and_pytorch_does_not(entry: Deliberate) -> None:
    name, params, sizes, dtypes = entry.example
    shapes = [shape(*size, dtype=dtypes.split()[i % len(dtypes.split())]) for i, size in enumerate(sizes)]
    op = make(name, **params)
    with pytest.raises(Refused) as refused:
        op.shape(*shapes)
    assert (refused.value.error.code, refused.value.param) == entry[:2]
    assert not torch_fails(op, shapes)
