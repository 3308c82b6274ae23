"""Noise drawn apart, then applied, is what PyTorch's dropouts do: bit by bit, and with as much drawn."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from archdsl.devices.noise import Drawing, dropped, for_all, noise, replaying

DROPOUTS = {
    F.dropout: (4, 6),
    F.dropout1d: (4, 6, 5),
    F.dropout2d: (4, 6, 5, 3),
    F.dropout3d: (4, 6, 5, 3, 2),
    F.alpha_dropout: (4, 6, 5),
    F.feature_alpha_dropout: (4, 6, 5),
}
EACH = pytest.mark.parametrize("drop", DROPOUTS, ids=lambda drop: drop.__name__)


def seeded(run: Any) -> tuple[Tensor, Tensor]:
    """What it gives, and what is drawn next."""
    torch.manual_seed(0)
    return run(), torch.rand(3)


def need_equal(one: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> None:
    assert torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1])


@EACH
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("inplace", [False, True])
def test_what_is_drawn_apart_drops_what_one_device_would(drop: Any, p: float, inplace: bool) -> None:
    x = torch.randn(DROPOUTS[drop])
    whole = seeded(lambda: drop(x, p, True))

    def apart() -> Tensor:
        with Drawing(lambda drop, x, p, turn: noise(drop, x, x.shape, p)):
            return drop(x.clone(), p, True, inplace)

    need_equal(whole, seeded(apart))


@EACH
def test_parts_of_a_batch_together_drop_what_all_of_it_would(drop: Any) -> None:
    x = torch.randn(DROPOUTS[drop])
    whole = seeded(lambda: drop(x, 0.3, True))
    for index, rows in enumerate(x.chunk(2)):
        with for_all(index, 2):
            found = seeded(lambda rows=rows: drop(rows, 0.3, True))
        need_equal((whole[0].chunk(2)[index], whole[1]), found)


@EACH
def test_what_was_drawn_before_is_taken_in_order(drop: Any) -> None:
    x = torch.randn(DROPOUTS[drop])
    torch.manual_seed(0)
    drawn = [noise(drop, x, x.shape, 0.3) for _ in range(2)]
    torch.manual_seed(0)
    expected = [drop(x, 0.3, True) for _ in range(2)]
    with replaying(drawn):
        found = [drop(x, 0.3, True) for _ in range(2)]
        assert torch.equal(drop(x, 0.3, False), x)
    assert all(map(torch.equal, found, expected))
    assert torch.equal(dropped(drop, x, 0.3, drawn[0]), expected[0])
