"""Arithmetic, reductions and distances against PyTorch."""

from __future__ import annotations

from math import tanh

import pytest
import torch
from hypothesis import given, settings

from archdsl import ops
from archdsl.ops.op import Refused
from tests.ops.interpret import Runner, tensors
from tests.ops.judge import check_free, judge, make, shape
from tests.ops.strategies import Case, cases, choice, param

UNARY = {
    "affine": {"scale": param(choice(2.0, 0.0, -0.5), needed=True), "offset": param(choice(0.0, 1.5))},
    "exp": {},
    "sqrt": {},
    "abs": {},
    "reduce": {
        "axes": param(choice((1,), (-1,), (1, -1)), (0,), (9,), (1, 1), (), needed=True),
        "by": param(choice("mean", "sum", "max", "min"), needed=True),
        "keep": param(choice(True, False)),
    },
    "cumsum": {"axis": param(choice(0, 1, -1), 7, needed=True)},
}


@pytest.mark.parametrize("name", UNARY)
def test_against_torch(name: str) -> None:
    @settings(max_examples=100)
    @given(cases(name, UNARY[name], ranks=(3, 4, 5), bad_ranks=(2, 6), bad_dtypes=("int64", "int32", "bool")))
    def run(case: Case) -> None:
        op, (x,) = case
        if judge(op, x):
            check_free(op, x.at({}))

    run()


@pytest.mark.parametrize("name", ops.FAMILIES["arithmetic"].split() + ops.FAMILIES["reduce"].split())
def test_what_is_said_about_overwriting(name: str) -> None:
    """An output that the backward pass reads may not be overwritten."""
    params = {"affine": {"scale": 2.0}, "reduce": {"axes": (1,), "by": "max"}, "cumsum": {"axis": 1}}.get(name, {})
    op, x = make(name, **params), shape(2, 3, 4)
    leaves = [leaf.abs().requires_grad_() for leaf in tensors([x, x])]
    count = 1 if op.operands == 1 else 2
    form = op.torch(*[x] * count).function
    output = Runner(op, [leaf * 1.0 for leaf in leaves[:count]]).value(form)
    output.mul_(0.5)
    if op.keeps_output:
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            output.sum().backward()
    else:
        output.sum().backward()


@pytest.mark.parametrize("dtype", ["int64", "bool", "float64", "float16"])
@pytest.mark.parametrize("name", ["div", "maximum"])
def test_dtypes(name: str, dtype: str) -> None:
    judge(make(name), shape(1, 2, 2, dtype=dtype), shape(1, 2, 2, dtype=dtype))


def test_maximum_of_three() -> None:
    x = shape(2, 3, 4)
    given = tensors([x, x, x])
    ours = Runner(make("maximum"), given).value(make("maximum").torch(x, x, x).function)
    assert torch.equal(ours, torch.stack(given).amax(0))


def test_affine_scales_the_tanh_of_lenet5() -> None:
    """A tanh(S a), A = 1.7159, S = 2/3: it is 1 at 1, and -1 at -1 (LeCun et al. 1998, appendix A)."""
    assert 1.7159 * tanh(2 / 3) == pytest.approx(1, abs=1e-4)
    x = torch.tensor([[-1.0, 1.0]])
    before, behind = make("affine", 2 / 3), make("affine", 1.7159)
    inner = torch.tanh(Runner(before, [x]).value(before.torch(shape(1, 2)).function))
    ours = Runner(behind, [inner]).value(behind.torch(shape(1, 2)).function)
    torch.testing.assert_close(ours, x, rtol=0, atol=1e-4)


@pytest.mark.parametrize("sizes", [((5, 84), (10, 84)), ((5, 3, 2), (4, 2)), ((5, 3, 2), (4, 3)), ((5, 2), (4, 1, 2))])
def test_distance(sizes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    x, centres = shape(*sizes[0]), shape(*sizes[1])
    op = make("distance")
    if (x.dims[-1], centres.rank) != (centres.dims[-1], 2):
        with pytest.raises(Refused):
            op.shape(x, centres)
        return
    judge(op, x, centres)
    given = tensors([x, centres])
    ours = Runner(op, given).value(op.torch(x, centres).function)
    expected = torch.cdist(*given, compute_mode="donot_use_mm_for_euclid_dist").square()
    torch.testing.assert_close(ours, expected)
