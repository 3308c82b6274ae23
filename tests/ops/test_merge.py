"""What makes one value of several, against PyTorch; with free sizes, what is proved, refused and left to the run."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.budget import Limits
from archdsl.ir.dim import Dim, Domain
from archdsl.ir.shape import Shape
from archdsl.ops.op import Refused, take_undecided
from tests.ops.judge import check_macs, judge, make, shape
from tests.ops.strategies import Case


@st.composite
def operands(draw: DrawFn, name: str, count: int) -> Case:
    """Values that fit, then one of them changed, or not."""
    rank = draw(st.integers(1, 5))
    sizes = draw(st.lists(st.integers(1, 3), min_size=rank, max_size=rank))
    params = {"axis": draw(st.integers(-6, 6) | st.none())} if name == "concat" else {}
    values: list[Shape] = []
    for _ in range(count):
        own = list(sizes)
        change = draw(st.sampled_from(["", "", "one", "size", "rank", "more", "dtype"]))
        axis = draw(st.integers(0, rank - 1))
        if change == "one":
            own[axis] = 1
        elif change == "size":
            own[axis] = draw(st.integers(1, 3))
        elif change == "rank":
            own = own[1:] or [1]
        elif change == "more":
            own = [draw(st.integers(1, 3)), *own]
        values.append(shape(*own, dtype="float64" if change == "dtype" else "float32"))
    if name == "matmul" and rank > 1:
        last = [*values[1].at({})]
        last[-2:] = reversed(last[-2:])
        values[1] = shape(*last, dtype=values[1].dtype)
    return make(name, **params), tuple(values)


@pytest.mark.parametrize(
    ("name", "count"), [("add", 2), ("add", 3), ("sub", 2), ("mul", 2), ("concat", 2), ("concat", 3), ("matmul", 2)]
)
def test_against_torch(name: str, count: int) -> None:
    @settings(max_examples=200)
    @given(operands(name, count))
    def run(case: Case) -> None:
        op, values = case
        if judge(op, *values):
            check_macs(op, *values)

    run()


@pytest.mark.parametrize("name", ["add", "sub", "mul", "concat", "matmul"])
@pytest.mark.parametrize("dtype", ["int64", "bool", "float64"])
def test_dtypes(name: str, dtype: str) -> None:
    judge(make(name), shape(1, 2, 2, dtype=dtype), shape(1, 2, 2, dtype=dtype))


def halves(domain: Domain) -> tuple[Shape, Shape]:
    size = domain.symbol("H", 224)
    up, down = (size + 1) // 2, size // 2
    batch = domain.symbol("N")
    return Shape([batch, Dim.of(64), up, up]), Shape([batch, Dim.of(64), down, down])


def test_add_of_halves_names_the_size_that_breaks_it() -> None:
    with pytest.raises(Refused) as refused:
        make("add").shape(*halves(Domain()))
    error = refused.value.error
    assert error.code == "E0314"
    assert error.said(error.label) == "axis 2 differs: at H = 225: 113 against 112"
    assert refused.value.operand == 1


def test_add_of_halves_of_even_sizes_is_proved() -> None:
    domain = Domain()
    left, right = halves(domain)
    domain.assume_modulus("H", 2, 0)
    make("add").shape(left, right)
    assert take_undecided() == ()


def test_what_is_undecided_is_said_and_taken_once() -> None:
    domain = Domain(Limits(points=1))
    size = domain.symbol("H")
    left = Shape([domain.symbol("N"), Dim.of(2), size // 2 + (size + 1) // 2])
    right = Shape([domain.symbol("N"), Dim.of(2), size])
    assert make("add").shape(left, right).dims[2] == left.dims[2]
    (check,) = take_undecided()
    assert (check.axis, check.left, check.right) == (-1, 0, 1)
    assert take_undecided() == ()


def test_free_and_one_broadcast_free_and_two_do_not() -> None:
    domain = Domain()
    free = Shape([domain.symbol("N"), Dim.of(2), domain.symbol("L")])
    assert make("mul").shape(free, shape(1, 2, 1)).dims == free.dims
    with pytest.raises(Refused):
        make("mul").shape(free, shape(1, 2, 2))


def test_concat_on_channels_needs_them_at_axis_1() -> None:
    tokens = shape(1, 4, 8, channel_axis=2)
    assert make("concat", axis=1).shape(tokens, tokens).at({}) == (1, 8, 8)
    with pytest.raises(Refused) as refused:
        make("concat").shape(tokens, tokens)
    assert refused.value.error.code == "E0312"


def test_concat_adds_free_sizes() -> None:
    domain = Domain()
    a = Shape([domain.symbol("N"), Dim.of(3), domain.symbol("L")])
    assert str(make("concat", axis=2).shape(a, a).dims[2]) == "2*L"
