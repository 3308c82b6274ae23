"""pad, upsample, scale and bias against PyTorch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings

from archdsl.ir.dim import Dim, Domain
from archdsl.ir.shape import Shape
from archdsl.ops.op import Refused, Window
from tests.ops.judge import check_free, judge, make, module_of, shape
from tests.ops.strategies import Case, cases, choice, param, sizes

MODES = param(choice("constant", "reflect", "replicate", "circular"))


def check(case: Case) -> None:
    op, (x,) = case
    if judge(op, x):
        check_free(op, x.at({}), start=2)


@settings(max_examples=250)
@given(
    cases(
        "pad",
        {
            "size": param(sizes(0, 2), -1, 5, (1, 1, 1, 2), needed=True),
            "after": param(sizes(0, 2), -1, 5),
            "mode": MODES,
            "value": param(choice(0.0, 1.5)),
        },
    )
)
def test_pad(case: Case) -> None:
    check(case)


@settings(max_examples=150)
@given(
    cases(
        "pad",
        {
            "size": param(choice(0, 1, 2), -1, 5, needed=True),
            "axis": param(choice(1, 2, -1), 0, 6, needed=True),
            "mode": MODES,
        },
        ranks=(2, 3, 4, 5),
        bad_ranks=(1,),
    )
)
def test_pad_along_an_axis(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("ranks", "modes"),
    [
        ((3,), ("linear",)),
        ((4,), ("bilinear", "bicubic")),
        ((5,), ("trilinear",)),
        ((3, 4, 5), ("nearest", "nearest_exact")),
    ],
)
def test_upsample(ranks: tuple[int, ...], modes: tuple[str, ...]) -> None:
    params = {
        "factor": param(sizes(1, 3), 0, -1, (1, 1, 1, 2), needed=True),
        "over": param(choice(1, 2), 0, 5),
        "mode": param(choice(*modes), "linear", "bilinear", "trilinear", needed=True),
        "align_corners": param(choice(True, False)),
    }

    @settings(max_examples=80)
    @given(cases("upsample", params, ranks=ranks))
    def run(case: Case) -> None:
        check(case)

    run()


@given(cases("upsample", {"size": param(sizes(1, 5), 0, -1, needed=True), "over": param(choice(1), 2)}))
def test_upsample_to_a_size(case: Case) -> None:
    check(case)


def test_a_ratio_on_free_sizes() -> None:
    domain = Domain()
    size = domain.symbol("H")
    domain.assume_modulus("H", 6, 0)
    x = Shape([domain.symbol("N"), Dim.of(3), size, size])
    assert make("upsample", 3, over=2).shape(x).dims[2].at({"H": 12}) == 18
    with pytest.raises(Refused) as refused:
        make("upsample", 4, over=3).shape(x)
    assert refused.value.error.code == "E0510"


def test_what_an_upsampled_place_sees() -> None:
    x = shape(1, 3, 8, 8)
    assert repr(make("upsample", 2).window(x)) == repr(Window((1, 1), (1, 1), (2, 2)))
    assert repr(make("upsample", 3, over=2, mode="bilinear").window(x)) == repr(Window((2, 2), (2, 2), (3, 3)))


@pytest.mark.parametrize("name", ["scale", "bias"])
def test_scale_and_bias(name: str) -> None:
    @given(
        cases(
            name,
            {"axis": param(choice(None, 1, -1), 6), "value": param(choice(0.0, 0.5))},
            ranks=(2, 3, 4, 5),
            bad_ranks=(1,),
        )
    )
    def run(case: Case) -> None:
        check(case)

    run()


def test_scale_is_a_module_of_its_own() -> None:
    op, x = make("scale", value=0.1), shape(1, 6, 4, 4)
    assert op.is_module(x)
    assert torch.equal(module_of(op, op.torch(x)).state_dict()["weight"], torch.full((6, 1, 1), 0.1))
