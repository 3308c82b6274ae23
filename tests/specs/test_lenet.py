"""LeNet-5 as of 1998, by the figures and formulas of the paper."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archdsl
from tests.specs.read import SPECS, layers, program

# Table I, read column by column: the maps of S2 that each map of C3 sees.
C3 = [
    *[{i % 6, (i + 1) % 6, (i + 2) % 6} for i in range(6)],
    *[{i % 6, (i + 1) % 6, (i + 2) % 6, (i + 3) % 6} for i in range(6)],
    {0, 1, 3, 4},
    {1, 2, 4, 5},
    {0, 2, 3, 5},
    {0, 1, 2, 3, 4, 5},
]


def lenet(**params: object) -> nn.Module:
    return archdsl.load(SPECS / "lenet.arch", variant="lenet5_1998", **params).eval()  # type: ignore[arg-type]


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_every_layer_has_the_papers_parameters() -> None:
    ours = lenet()
    counts = {name: count(child) for name, child in ours.named_children() if count(child)}
    assert counts == {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164}
    assert count(ours) == 60_000


def test_maps_are_those_of_figure_2() -> None:
    shapes = [
        str(shape) for op, shape in layers(program("lenet.arch", "lenet5_1998").graph) if op.name in ("conv", "lppool")
    ]
    assert shapes == ["6x28x28", "6x14x14", "16x10x10", "16x5x5", "120x1x1"]


def squash(x: Tensor) -> Tensor:
    """Appendix A: f(1) = 1 and f(-1) = -1."""
    return 1.7159 * torch.tanh(2 / 3 * x)


def subsample(x: Tensor, state: dict[str, Tensor], name: str) -> Tensor:
    sums = x[..., ::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, ::2] + x[..., 1::2, 1::2]
    return squash(sums * state[f"{name}.factor.weight"] + state[f"{name}.offset.bias"])


def by_hand(state: dict[str, Tensor], image: Tensor, bitmaps: Tensor) -> Tensor:
    """Section II.B, C3 map by map. Its kernels lie in the order of the maps, and within them of what they see."""
    x = squash(F.conv2d(image, state["c1.weight"], state["c1.bias"]))
    x = subsample(x, state, "s2")
    kernels = iter(state["c3.weight"].reshape(-1, 1, 1, 5, 5))
    maps = [
        sum(F.conv2d(x[:, i : i + 1], next(kernels)) for i in sorted(seen)) + state["c3.bias"][j]
        for j, seen in enumerate(C3)
    ]
    assert next(kernels, None) is None, "60 links"
    x = subsample(squash(torch.cat(maps, 1)), state, "s4")
    x = squash(F.conv2d(x, state["c5.weight"], state["c5.bias"])).flatten(1)
    x = squash(F.linear(x, state["f6.weight"], state["f6.bias"]))
    return ((x[:, None] - bitmaps) ** 2).sum(2)


def test_computes_what_the_paper_says() -> None:
    ours = lenet()
    torch.manual_seed(0)
    for parameter in ours.parameters():
        parameter.data.uniform_(-0.3, 0.3)
    image = torch.randn(3, 1, 32, 32)
    with torch.no_grad():
        expected = by_hand(ours.state_dict(), image, ours.get_buffer("bitmaps"))
        torch.testing.assert_close(ours(image), expected, rtol=1e-5, atol=1e-4)
    assert float(expected.std()) > 1


def test_c3_is_table_1() -> None:
    """Which maps of S2 a map of C3 sees, found by asking for gradients."""
    c3 = lenet().get_submodule("c3")
    x = torch.randn(1, 6, 14, 14, requires_grad=True)
    seen = [{i for i in range(6) if torch.autograd.grad(c3(x)[0, j].sum(), x)[0][0, i].any()} for j in range(16)]
    assert seen == C3
    assert sum(map(len, seen)) == 60


def test_bitmaps_are_fixed_and_apart() -> None:
    ours = lenet()
    bitmaps = ours.get_buffer("bitmaps")
    assert "bitmaps" not in dict(ours.named_parameters()) | ours.state_dict()
    assert bitmaps.shape == (10, 84)
    assert set(bitmaps.flatten().tolist()) == {-1.0, 1.0}
    assert all(int((a != b).sum()) >= 5 for i, a in enumerate(bitmaps) for b in bitmaps[:i])


def test_larger_images_slide() -> None:
    """At every fourth place the wide network says what the plain one says of the window there."""
    plain = lenet()
    wide = lenet(height=40, width=48)
    wide.load_state_dict(plain.state_dict(), strict=True)
    image = torch.randn(2, 1, 40, 48, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        everywhere = wide(image)
        assert everywhere.shape == (2, 3, 5, 10)
        for y in range(3):
            for x in range(5):
                window = image[:, :, 4 * y : 4 * y + 32, 4 * x : 4 * x + 32]
                torch.testing.assert_close(everywhere[:, y, x], plain(window), rtol=1e-5, atol=1e-4)
    assert float(everywhere.std((1, 2)).min()) > 0


def test_it_trains() -> None:
    """Equation 8: bring the distance to the right class's bitmap down; all but the bitmaps learn."""
    torch.manual_seed(0)
    ours = lenet().train()
    image, digit = torch.randn(10, 1, 32, 32), torch.arange(10)
    optimizer = torch.optim.SGD(ours.parameters(), lr=1e-3)
    losses: list[float] = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = ours(image)[torch.arange(10), digit].mean()
        loss.backward()
        assert all(p.grad is not None and bool(p.grad.any()) for p in ours.parameters())
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]
