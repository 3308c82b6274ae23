"""DenseNet against ResNet at equal parameters: 270,418 in 22 layers, growing by 12, against 269,434 in 20 layers.

python examples/densenet.py
"""

from __future__ import annotations

from experiment import compare, spec

NETWORKS = {
    "ResNet, 20 layers": spec("resnet_cifar.arch", "resnet20"),
    "DenseNet, 22 layers, k = 12": spec("densenet.arch", "densenet_cifar", depth=22),
}

if __name__ == "__main__":
    compare("densenet", NETWORKS)
