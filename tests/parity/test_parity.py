"""The networks that torchvision has too are equal to its own: keys, outputs, losses, gradients, bit for bit."""

from __future__ import annotations

import pytest
import torch

import archdsl
from tests.parity.compare import compiles, exports, image, pair, same_keys, same_output, same_start, same_tensors, train
from tests.parity.networks import DRAWN, NETWORKS, SMALLEST, SPECS, Network

named = pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.ours)
smallest = pytest.mark.parametrize(
    "network", [n for n in NETWORKS if n.ours in SMALLEST], ids=lambda network: network.ours
)


@named
def test_equal_to_torchvision(network: Network) -> None:
    networks = pair(network)
    x = image(network)
    assert same_keys(networks)
    assert same_output(networks, x)
    theirs, ours = (train(module, x) for module in networks)
    assert torch.equal(theirs.loss, ours.loss)
    assert len(ours.gradients) == len(list(networks.ours.parameters()))
    assert same_tensors(theirs.gradients, ours.gradients)
    assert same_tensors(theirs.state, ours.state)


@pytest.mark.parametrize("network", [n for n in NETWORKS if n.ours in DRAWN], ids=lambda network: network.ours)
def test_one_seed_gives_torchvisions_weights(network: Network) -> None:
    assert same_start(network)


def test_lenet_compiles_and_exports() -> None:
    """torchvision has no LeNet, so the spec is only held to its figures, and to what every module must pass."""
    module = archdsl.load(SPECS / "lenet.arch", variant="lenet5")
    x = torch.randn(2, 1, 32, 32, generator=torch.Generator().manual_seed(1))
    assert compiles(module, x)
    assert exports(module, x)


@smallest
def test_compiles_without_a_graph_break(network: Network) -> None:
    assert compiles(pair(network).ours, image(network))


@smallest
def test_exports_with_a_free_batch(network: Network) -> None:
    assert exports(pair(network).ours, image(network))


def test_a_difference_would_be_seen() -> None:
    """The comparison itself: one weight changed by the least step shows in output, loss and gradients."""
    network = next(n for n in NETWORKS if n.ours == "resnet18")
    networks = pair(network)
    x = image(network)
    bias = networks.ours.get_parameter("fc.bias")
    with torch.no_grad():
        bias[0] += 1e-3
    assert not same_output(networks, x)
    theirs, ours = (train(module, x) for module in networks)
    assert not torch.equal(theirs.loss, ours.loss)
    assert not same_tensors(theirs.gradients, ours.gradients)
