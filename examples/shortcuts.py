"""Shortcuts A, B and C in a ResNet of 20 layers.

python examples/shortcuts.py
"""

from __future__ import annotations

from experiment import compare, spec

NETWORKS = {
    "A: subsample, zero maps": spec("resnet_cifar.arch", "resnet20"),
    "B: project where the shape changes": spec("resnet_cifar.arch", "resnet20_b"),
    "C: project always": spec("resnet_cifar.arch", "resnet20_c"),
}

if __name__ == "__main__":
    compare("shortcuts", NETWORKS)
