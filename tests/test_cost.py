"""Parameters, MACs and memory, against figures worked out by hand and against the papers'."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from archdsl.budget import Limits
from archdsl.compiler import check
from archdsl.cost import Cost, Costs
from archdsl.source import Source
from tests.cli.specs import network, program

SPECS = Path(__file__).parent.parent / "specs"


def cost(text: str) -> Cost:
    return Costs(program(text)).total


def test_a_convolution() -> None:
    total = cost(network("conv(16, 3x3, pad=1)"))
    assert total.params == 16 * 3 * 9 + 16
    assert total.macs == 16 * 3 * 9 * 32 * 32
    assert total.flops == 2 * total.macs
    assert total.activation_bytes == 16 * 32 * 32 * 4
    assert total.state_bytes == total.params * 4
    assert total.steps == 1


def test_buffers_are_no_parameters() -> None:
    total = cost(network("bn"))
    assert (total.params, total.buffers) == (2 * 3, 2 * 3 + 1)
    assert total.state_bytes == 4 * 12 + 8  # the count of batches is an int64


def test_a_view_takes_no_memory() -> None:
    assert cost(network("flatten")).activation_bytes == 0


def test_the_batch_counts_once() -> None:
    assert cost(network("relu", shape="[N, 3, H = 8, W = 8]")).activation_bytes == 3 * 8 * 8 * 4


def test_nominal_sizes_count() -> None:
    free = cost(network("conv(4, 3x3)", shape="[N, 3, H = 20, W = 30]"))
    assert free.macs == 4 * 3 * 9 * 18 * 28


def test_repeated_bodies_count_each_time() -> None:
    spec = "block unit { residual { conv(8, 3x3, pad=1) } }\n" + network("unit * 3", shape="[N, 8, 4, 4]")
    total = cost(spec)
    assert total.params == 3 * (8 * 8 * 9 + 8)
    assert total.steps == 3 * 2
    assert total.activation_bytes == 3 * 2 * 8 * 4 * 4 * 4


def test_a_layer_of_1e15_parameters_is_an_integer() -> None:
    assert cost(network("linear(1_000_000_000_000, bias=false)", shape="[N, 1000]")).params == 10**15


@pytest.mark.parametrize(
    ("file", "target", "params", "gigamacs"),
    [
        ("resnet", "resnet18", 11_689_512, 1.814),
        ("resnet", "resnet50", 25_557_032, 4.089),
        ("resnet", "resnet152", 60_192_808, 11.514),
        ("vgg", "vgg16", 138_357_544, 15.470),
    ],
)
def test_published_figures(file: str, target: str, params: int, gigamacs: float) -> None:
    text = (SPECS / f"{file}.arch").read_text()
    total = Costs(program(text, target)).total
    assert total.params == params
    assert round(total.macs / 1e9, 3) == gigamacs


def test_effort_follows_the_text_of_the_network() -> None:
    """2^40 convolutions in shared bodies: each body is summed once, or this would never end."""
    blocks = "".join(f"block b{i} {{ b{i - 1} -> b{i - 1} }}\n" for i in range(1, 41))
    spec = "block b0 { conv(8, 3x3, pad=1, bias=false) }\n" + blocks + network("b40", shape="[N, 8, 4, 4]")
    checked = check(Source("test.arch", spec), limits=Limits(steps=2**50, work=2**50))
    assert checked.program is not None
    start = time.perf_counter()
    total = Costs(checked.program).total
    assert total.params == 2**40 * 8 * 8 * 9
    assert time.perf_counter() - start < 60
