"""Pieces of values, and their elements in another order, against PyTorch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given

from archdsl.ir.dim import Dim, Domain
from archdsl.ir.shape import Shape
from archdsl.ops.op import Refused
from tests.ops.interpret import Runner
from tests.ops.judge import check_free, judge, make, shape
from tests.ops.strategies import Case, cases, choice, param

PARAMS = {
    "chunk": {"pieces": param(choice(2), 0, 1, -1, 9, 10**6, needed=True), "axis": param(choice(1), 7)},
    "unbind": {"axis": param(choice(1), 7, -9, needed=True)},
    "roll": {
        "axes": param(choice((1, -1)), (1,), (7, 1), (), needed=True),
        "shifts": param(choice((1, -1), (3, 0)), (1, 2, 3), needed=True),
    },
    "take": {
        "axis": param(choice(1), 7, needed=True),
        "indices": param(choice((0,), (1, 0), (-1, -2)), (6,), (-7, 1), ()),
    },
}


@pytest.mark.parametrize("name", PARAMS)
def test_against_torch(name: str) -> None:
    @given(cases(name, PARAMS[name], ranks=(2, 3, 4), bad_ranks=(1,), bad_dtypes=("int64", "bool")))
    def run(case: Case) -> None:
        op, (x,) = case
        if judge(op, x):
            check_free(op, x.at({}), x.dtype, start=2)

    run()


def test_a_free_axis_is_cut_where_it_divides_for_good() -> None:
    size = Domain().symbol("C", 8)
    parts = make("chunk", 2).shape(Shape([Dim.of(1), size * 2]))
    assert [repr(part) for part in parts] == ["[1, C]", "[1, C]"]
    with pytest.raises(Refused) as refused:
        make("chunk", 2).shape(Shape([Dim.of(1), size]))
    assert refused.value.error.code == "E0317"


def test_pieces_have_a_bound() -> None:
    """A list of a billion values is not built to be refused."""
    with pytest.raises(Refused):
        make("unbind", 1).shape(shape(1, 10**9))
    with pytest.raises(Refused):
        make("chunk", 10**9).shape(shape(1, 10**9))


@pytest.mark.parametrize("dtype", ["int64", "int32", "float32", "bool"])
@pytest.mark.parametrize("sizes", [(5,), (2, 3)])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_take_by_a_value(axis: int, sizes: tuple[int, ...], dtype: str) -> None:
    judge(make("take", axis), shape(2, 3, 4), shape(*sizes, dtype=dtype))


def test_take_is_how_swin_looks_up_its_bias() -> None:
    """table[index] of torchvision's swin_transformer: one row of heads for each pair of places."""
    table, index = torch.rand(169, 3), torch.randint(0, 169, (49, 49))
    op = make("take", 0)
    form = op.torch(shape(169, 3), shape(49, 49, dtype="int64"))
    assert torch.equal(Runner(op, [table, index]).value(form.function), table[index])
    assert repr(op.shape(shape(169, 3), shape(49, 49, dtype="int64"))) == "[49, 49, 3]"


def test_channels_move_with_the_axes_before_them() -> None:
    x, index = shape(2, 3, 4, channel_axis=2), shape(5, 6, dtype="int64")
    assert make("take", 1).shape(x, index).channel_axis == 3
    assert make("take", 2).shape(x, index).channel_axis is None
    assert make("reduce", (1,), by="sum").shape(x).channel_axis == 1
    assert [part.channel_axis for part in make("unbind", 0).shape(x)] == [1, 1]
