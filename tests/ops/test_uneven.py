"""Groups of different sizes, as an uneven split makes them, against what one would write by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.ir.shape import Shape
from archdsl.ir.shares import Mesh, Shares, Split
from archdsl.ops.op import Op
from archdsl.ops.uneven import Uneven, own_name
from tests.ops.judge import check_macs, make, module_of, shape
from tests.ops.test_kept import saved

SPLIT = Split(Mesh("gpus", (3,)), (1, 2, 5))

BY_HAND: dict[str, tuple[Op, tuple[int, ...], list[Callable[[], nn.Module]]]] = {
    "conv": (
        make("conv", 24, 3, pad=1, stride=2, bias=False),
        (2, 16, 9, 9),
        [lambda i=i, o=o: nn.Conv2d(i, o, 3, 2, 1, bias=False) for i, o in ((2, 3), (4, 6), (10, 15))],
    ),
    "conv1d": (
        make("conv", 8, 3),
        (2, 16, 9),
        [lambda i=i, o=o: nn.Conv1d(i, o, 3) for i, o in ((2, 1), (4, 2), (10, 5))],
    ),
    "conv_transpose": (
        make("conv_transpose", 8, 2, stride=2),
        (2, 16, 4, 4),
        [lambda i=i, o=o: nn.ConvTranspose2d(i, o, 2, 2) for i, o in ((2, 1), (4, 2), (10, 5))],
    ),
    "linear": (make("linear", 8), (2, 7, 16), [lambda i=i, o=o: nn.Linear(i, o) for i, o in ((2, 1), (4, 2), (10, 5))]),
    "lrn": (make("lrn", 3, k=2.0), (2, 16, 4, 4), [lambda: nn.LocalResponseNorm(3, k=2.0)] * 3),
}


def apart(op: Op, x: Shape) -> Any:
    """What the op is where its input is shared out."""
    made = op.apart(Shares(SPLIT, next(iter(op.makes), 1) % x.rank), x)
    assert isinstance(made, Uneven)
    return made


@pytest.mark.parametrize("name", BY_HAND)
def test_groups_of_different_sizes_are_modules_side_by_side(name: str) -> None:
    plain, sizes, by_hand = BY_HAND[name]
    x = shape(*sizes)
    op = apart(plain, x)
    torch.manual_seed(0)
    module = module_of(op, op.torch(x))
    torch.manual_seed(0)
    parts = [make() for make in by_hand]
    theirs = nn.ModuleList(parts).state_dict()
    ours = module.state_dict()
    assert list(ours) == list(theirs) == [state.name for state in op.state(x)]
    assert all(torch.equal(ours[key], theirs[key]) for key in ours), "one seed gives the same weights"
    assert [state.shape for state in op.state(x)] == [tuple(value.shape) for value in theirs.values()]
    assert {own_name(op, key) for key in ours} <= set(plain.weights or ())
    axis = next(iter(plain.makes), 1)
    image = torch.randn(sizes)
    by_itself = [part(piece) for part, piece in zip(parts, image.split([2, 4, 10], axis))]
    assert torch.equal(module(image), torch.cat(by_itself, axis))
    assert tuple(module(image).shape) == op.shape(x).at({})


@pytest.mark.parametrize("name", BY_HAND)
def test_costs_are_those_of_the_groups(name: str) -> None:
    plain, sizes, _ = BY_HAND[name]
    x = shape(*sizes)
    op = apart(plain, x)
    made = op.shape(x).at({})
    check_macs(op, x)
    ins, outs, further = saved(op, (x,))
    assert (any(ins), any(outs)) == (True, False)
    assert further == op.kept_bytes((sizes,), made)
    assert op.drawn(x) == f"{plain.drawn(x)}, groups 1:2:5"


def test_lrn_does_not_look_across_the_seams() -> None:
    x = torch.rand(1, 16, 3, 3)
    op = apart(make("lrn", 5, alpha=1.0), shape(*x.shape))
    whole = F.local_response_norm(x, 5, alpha=1.0)
    ours: Tensor = module_of(op, op.torch(shape(*x.shape)))(x)
    assert [i for i in range(16) if not torch.equal(ours[:, i], whole[:, i])] == [0, 1, 2, 3, 4, 5, 6, 7]


def test_groups_that_fall_on_whole_devices_stay_as_they_are() -> None:
    plain = make("conv", 32, 3, groups=8)
    assert plain.apart(Shares(SPLIT, 1), shape(2, 16, 9, 9)) is plain
